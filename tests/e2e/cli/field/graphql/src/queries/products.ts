import type { Connection, Product } from '../types.ts';

export interface ProductsQuery {
  products: Connection<Product>;
}

export const PRODUCTS = /* GraphQL */ `
  query Products($first: Int!, $after: String, $sort: Sort) {
    products(first: $first, after: $after, sort: $sort) {
      edges { cursor node { id name price tags } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
