export enum Sort {
  Newest = 'NEWEST',
  Cheapest = 'CHEAPEST',
}

export enum Level {
  Quiet,
  Info = 5,
  Loud,
}

export const enum Page {
  Size = 2,
}

export interface Product {
  id: string;
  name: string;
  price: number;
  tags?: readonly string[];
}

export type Connection<T> = { edges: Array<{ node: T; cursor: string }>; pageInfo: { hasNextPage: boolean; endCursor: string | null } };

export type Result<T> = { data: T; errors?: never } | { data?: undefined; errors: [{ message: string; code?: string }, ...unknown[]] };

export namespace Guard {
  export function isFine<T>(result: Result<T>): result is Extract<Result<T>, { data: T }> {
    return !('errors' in result);
  }
}
