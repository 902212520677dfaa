export * from './products.ts';
export type { ProductsQuery } from './products.ts';
export { default as LOGIN } from './login.ts';
