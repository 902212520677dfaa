import http, { RefinedParams, RefinedResponse } from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import { Guard, Level, type Result } from './types.ts';

abstract class Client {
  protected static made = 0;
  constructor(
    protected readonly url: string,
    public level: Level = Level.Info,
  ) {
    Client.made++;
  }

  abstract query<T>(text: string, variables?: Record<string, unknown>): T;

  static get count(): number {
    return this.made;
  }
}

export class GraphQLError extends Error {
  override name = 'GraphQLError';
  constructor(
    message: string,
    readonly code?: string,
  ) {
    super(message);
  }
}

export class GraphQLClient extends Client {
  private token?: string;
  readonly #duration = new Trend('graphql_duration', true);
  declare readonly neverSet: string;
  static errors: Counter;

  static {
    GraphQLClient.errors = new Counter('graphql_errors');
  }

  login(token: string): this {
    this.token = token;
    return this;
  }

  query<T>(text: string, variables: Record<string, unknown> = {}): T {
    const operation = /(query|mutation)\s+(\w+)/.exec(text)?.[2] ?? 'anonymous';
    const params: RefinedParams<'text'> = {
      headers: { 'Content-Type': 'application/json', ...(this.token !== undefined && { Authorization: `Bearer ${this.token}` }) },
      tags: { name: operation },
    };
    const response: RefinedResponse<'text'> = http.post(this.url, JSON.stringify({ query: text, variables, operationName: operation }), params);
    this.#duration.add(response.timings.duration, { operation });
    const result = response.json() as unknown as Result<T>;
    if (Guard.isFine(result)) return result.data!;
    GraphQLClient.errors.add(1, { operation });
    if (this.level > Level.Info) console.warn(`${operation}: ${result.errors![0].message}`);
    throw new GraphQLError(result.errors![0].message, result.errors![0].code);
  }
}

export { Client as default };
