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
  low?: number;
  high?: number;
  endpoint?: string;
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
  self_checks: { name: string; ok: boolean; fatal: boolean; text: string; remedy?: string }[];
  capacity?: Capacity;
  search?: Search;
  recovery?: Recovery;
  leak?: Leak;
}

export interface CapacityFigure {
  load: number;
  load_low: number;
  load_high: number;
  throughput: number;
}

export interface CapacityStep {
  start_s: number;
  length_s: number;
  load: number;
  throughput: number;
  goodput: number;
  requests: number;
  p50_ms?: number;
  p95_ms?: number;
  error_share?: number;
}

export interface Capacity {
  measured: boolean;
  load_unit: 'virtual_users' | 'starts_per_s';
  beyond: 'unknown' | 'graceful' | 'degraded' | 'collapse';
  knee?: CapacityFigure;
  breaking_point?: CapacityFigure;
  best_goodput?: number;
  goodput_beyond?: number;
  scalability?: { lambda: number; sigma: number; kappa: number; load_max?: number; throughput_max?: number;
    throughput_low?: number; throughput_high?: number };
  steps: CapacityStep[];
  sentence: string;
}

/** For the highest rate in the open model that holds, after a ramp. */
export interface Search {
  end: 'found' | 'above max' | 'below min' | 'generator' | 'not recovered' | 'stopped';
  held?: number;
  broke?: number;
  steps: CapacityStep[];
  sentence: string;
}

export interface Recovery {
  measured: boolean;
  recovered?: boolean;
  metastable?: boolean;
  total_s?: number;
  latency_s?: number;
  error_s?: number;
  goodput_s?: number;
  observed_s?: number;
  resolution_s?: number;
  reference_s?: number;
  p95_before_ms?: number;
  p95_limit_ms?: number;
  p95_peak_ms?: number;
  area_s?: number;
  error_share_before?: number;
  error_share_peak?: number;
  goodput_before?: number;
  sentence: string;
}

export interface Leak {
  answer: 'none' | 'found' | 'undecided';
  measured: boolean;
  slope_mb_per_h?: number;
  low?: number;
  high?: number;
  mb_per_1000_requests?: number;
  start_mb?: number;
  end_mb?: number;
  max_mb?: number;
  warm_up_s?: number;
  course?: 'line' | 'warm-up' | 'steps' | 'cache' | 'cache and line';
  levels_off?: boolean;
  step_mb?: number;
  cache_mb?: number;
  cache_tau_s?: number;
  needed_s?: number;
  limit_after_s?: number;
  sentence: string;
}

export interface TargetSeries {
  name: string;
  source: string;
  unit: string;
  limit?: number;
  samples_total: number;
  missed: number;
  at_s: number[];
  value: number[];
}

export type Change = 'ok' | 'regressed' | 'improved' | 'inconclusive';

export interface ComparisonRow {
  endpoint: string;
  measure: string;
  unit: string;
  change: Change;
  gates: boolean;
  old?: number;
  new?: number;
  ratio?: number;
  low?: number;
  high?: number;
  detectable?: number;
  bound?: number;
  more_is_better?: boolean;
  p_value?: number;
  q_value?: number;
  sentence: string;
}

export interface Comparison {
  answer: 'ok' | 'regressed' | 'inconclusive' | 'no baseline' | 'invalid';
  exit_status: number;
  headline: string;
  limit?: number;
  old_runs: number[];
  new_runs: number[];
  runs_wanted?: number;
  sessions_wanted?: number;
  rows_total: number;
  rows: ComparisonRow[];
  notes: string[];
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

/** What was done and said before the test. */
export interface Preparation {
  approval?: { who: string; why: string };
  told_at_unix_ms?: number;
  preflight?: { started_unix_ms: number; ready: boolean; items: { key: string; state: string; asked: boolean; text: string }[] };
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
    end: 'complete' | 'interrupted' | 'threshold' | 'aborted' | 'decided';
    end_reason: string;
    vus_max: number;
    iterations_complete: number;
    iterations_interrupted: number;
    scenarios: { name: string; executor: string; description: string }[];
  };
  preparation?: Preparation;
  verdict?: Verdict;
  metrics_total: number;
  metrics: Record<string, Metric>;
  checks: { group: string; name: string; passes: number; fails: number }[];
  checks_total: number;
  endpoints_total: number;
  endpoints: Endpoint[];
  slices: Slices;
  probe?: { scenario: string; slices: Slices };
  target_total: number;
  target: TargetSeries[];
  comparison?: Comparison;
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
