// The result as the program writes it: schema "brunt.result/1", documented in docs/result-json.md.

export interface Trend {
  count: number;
  avg?: number;
  min?: number;
  max?: number;
  p50?: number;
  p90?: number;
  p95?: number;
  p99?: number;
  'p99.9'?: number;
}

export type State = 'passed' | 'failed' | 'not measured';
export type Level = 'excellent' | 'acceptable' | 'needs optimization' | 'critical' | 'invalid';

export interface Criterion {
  text: string;
  name: string;
  state: State;
  unit: string;
  value?: number;
  margin?: number;
  limit: number;
  value_text: string;
  limit_text: string;
  sentence: string;
}

export interface Verdict {
  level: Level;
  outcome: string;
  exit_status: number;
  headline: string;
  criteria: Criterion[];
  reasons: { severity: 'info' | 'warning' | 'critical'; text: string }[];
  notes: string[];
  actions: { title: string; evidence: string; advice: string }[];
  self_checks: { name: string; ok: boolean; fatal: boolean; text: string }[];
}

export interface Metric {
  type: 'counter' | 'gauge' | 'rate' | 'trend';
  contains: 'default' | 'time' | 'data';
  parent?: string;
  suffix?: string;
  values: Record<string, number | undefined>;
  thresholds: { source: string; ok: boolean; value: number }[];
}

export interface Outcome {
  status: number;
  error_code?: number;
  error?: string;
  count: number;
}

export interface Endpoint {
  method: string;
  name: string;
  requests: number;
  failed: number;
  received_bytes: number;
  duration_ms: Trend;
  waiting_ms: Trend;
  outcomes: Outcome[];
}

export interface Slices {
  start_s: number[];
  length_s: number[];
  requests: number[];
  failed: number[];
  iterations: number[];
  checks: number[];
  checks_failed: number[];
  dropped: number[];
  received_bytes: number[];
  sent_bytes: number[];
  vus: number[];
  p50_ms: (number | null)[];
  p95_ms: (number | null)[];
  p99_ms: (number | null)[];
  max_ms: (number | null)[];
}

export interface Result {
  schema: string;
  tool: { name: string; version: string };
  run: {
    test: string;
    target: string;
    demanded_ms?: number;
    scale: number;
    full_length?: boolean;
    spike_start_ms?: number;
    spike_end_ms?: number;
    script: string;
    host: string;
    started: string;
    started_unix_ms: number;
    duration_ms: number;
    end: 'complete' | 'interrupted' | 'threshold' | 'aborted';
    end_reason: string;
    vus_max: number;
    iterations_complete: number;
    iterations_interrupted: number;
    scenarios: { name: string; executor: string; description: string }[];
  };
  verdict?: Verdict;
  metrics_total: number;
  metrics: Record<string, Metric>;
  checks: { group: string; name: string; passes: number; fails: number }[];
  checks_total: number;
  endpoints_total: number;
  endpoints: Endpoint[];
  slices: Slices;
  generator: Generator;
}

/** A distribution of delays; without percentiles when nothing was counted. */
export interface Delays {
  count: number;
  p50_ms?: number;
  p99_ms?: number;
  max_ms?: number;
}

export interface Generator {
  valid: boolean;
  reasons: string[];
  start_lag: Delays;
  starts_scheduled?: number;
  starts_dropped?: number;
  starts_missed?: number;
  out_of_descriptors: number;
  out_of_ports: number;
  descriptors_peak?: number;
  descriptors_limit?: number;
  ports_peak?: number;
  ports_limit?: number;
  workers: {
    cpu_share: number;
    starved_share: number;
    busy_share: number;
    timer_late_ms_max: number;
    turn_ms_max: number;
    start_lag: Delays;
    timer_lateness: Delays;
    loop_lag: Delays;
  }[];
}

export function readResult(text: string): Result {
  const result = JSON.parse(text) as Result;
  if (result.schema !== 'brunt.result/1') throw new Error(`unknown schema ${String(result.schema)}`);
  return result;
}
