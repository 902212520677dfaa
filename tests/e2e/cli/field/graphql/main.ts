import { check } from 'k6';
import { Options } from 'k6/options';
import Client, { GraphQLClient, GraphQLError } from './src/client.ts';
import { LOGIN, PRODUCTS, ProductsQuery } from './src/queries/index.ts';
import { Level, Page, Sort, type Product } from './src/types.ts';

export const options: Options = {
  vus: 1,
  iterations: 2,
  thresholds: {
    checks: ['rate==1'],
    graphql_errors: ['count==2'],
    'graphql_duration{operation:Products}': ['p(95)<5000'],
    'http_reqs{name:Login}': ['count==2'],
  },
};

function* pages(client: GraphQLClient, sort: Sort): Generator<Product[], number, undefined> {
  let after: string | null = null;
  let count = 0;
  do {
    const { products }: ProductsQuery = client.query<ProductsQuery>(PRODUCTS, { first: Page.Size, after, sort });
    yield products.edges.map(({ node }) => node);
    after = products.pageInfo.hasNextPage ? products.pageInfo.endCursor : null;
    count += 1;
  } while (after !== null);
  return count;
}

const client = new GraphQLClient(`${__ENV.URL}/graphql`, Level['Loud']);

export default (): void => {
  let refused: GraphQLError | undefined;
  try {
    client.login('').query(PRODUCTS, { first: 1 });
  } catch (e: unknown) {
    refused = e as GraphQLError;
  }
  check(refused, {
    'refused without a token': (e) => e instanceof GraphQLError && e instanceof Error && e.code === 'UNAUTHENTICATED',
    'by name': (e) => `${e}` === 'GraphQLError: not logged in',
  });
  const { login } = client.query<{ login: { token: string } }>(LOGIN, { user: `u${__VU}` });
  client.login(login.token);
  const found: Product[] = [];
  for (const page of pages(client, Sort.Cheapest)) found.push(...page);
  check(found, {
    'five products': (list: Product[]) => list.length === 5,
    'cheapest first': (list) => list.every((p, i) => !i || list[i - 1]!.price <= p.price),
    'tags may be missing': (list) => list.filter((p) => p.tags?.includes('new')).length === 2,
  });
  check(client, {
    'names of enums': () => Level[Level.Loud] === 'Loud' && Level[5] === 'Info' && (Sort.Newest as string) === 'NEWEST' && Object.keys(Level).length === 6,
    'one client': () => Client.count === 1 && client.level === Level.Loud,
    'declared fields are none': (c) => !('neverSet' in c) && 'token' in c,
  });
};
