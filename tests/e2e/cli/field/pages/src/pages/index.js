export { AccountPage } from './account_page.js';
export { default as OrdersPage } from './orders_page.js';
export * as base from './base_page.js';
