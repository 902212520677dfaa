// The parts of the page, each made from the result; null where a run has nothing to show.
import type { Criterion, Delays, Endpoint, Generator, Metric, Outcome, Result, State } from './data';
import { h, type Child } from './dom';
import * as format from './format';
import { table } from './table';

const MARKS: Record<State, string> = { passed: '✓', failed: '✗', 'not measured': '–' };

export function section(id: string, title: string, ...children: Child[]): HTMLElement {
  return h('section', { id, 'aria-labelledby': `${id}-title` }, h('h2', { id: `${id}-title` }, title), children);
}

function mark(state: State): HTMLElement {
  return h(`span.mark.${state.replace(' ', '-')}`, { title: state }, MARKS[state], h('span.hidden', null, ` ${state}`));
}

export function omitted(shown: number, total: number, what: string): Child {
  return shown < total && h('p.muted', null, `${shown} of ${format.count(total)} ${what} are shown; all are in the JSON report.`);
}

export function header(result: Result): HTMLElement {
  const { run } = result;
  const title = run.test ? `${run.test} test` : run.script.split('/').pop() || 'load test';
  const facts = [format.moment(run.started), format.span(run.duration_ms / 1000), `up to ${format.count(run.vus_max)} virtual users`];
  return h('header', null,
    h('h1', null, title),
    run.target && h('p.target', null, 'against ', h('code', null, run.target)),
    h('p.muted', null, facts.join(' · ')));
}

export function verdict(result: Result): HTMLElement | null {
  const v = result.verdict;
  if (!v) return null;
  const text = v.headline.replace(/^[A-Z ]+: /, '');
  const order = { critical: 0, warning: 1, info: 2 };
  const reasons = [...v.reasons].sort((a, b) => order[a.severity] - order[b.severity]);
  const criteria = new Set(v.criteria.map((c) => c.sentence));
  const others = reasons.filter((r) => !criteria.has(r.text));
  return h(`section.verdict.${v.level.replace(' ', '-')}`, { 'aria-label': 'Verdict' },
    h('p.level', null, v.level),
    h('p.headline', null, text.charAt(0).toUpperCase() + text.slice(1)),
    result.comparison && h('p.compared', null, 'Against earlier runs: ', h('a', { href: '#comparison' }, result.comparison.headline)),
    others.length > 0 && h('ul.reasons', null, others.map((r) => h(`li.${r.severity}`, null, r.text))),
    v.notes.length > 0 && h('ul.notes', null, v.notes.map((n) => h('li', null, n))));
}

function tile(title: string, value: string, more: string, bad = false): HTMLElement {
  return h(bad ? 'div.tile.bad' : 'div.tile', null, h('dt', null, title), h('dd', null, value), h('dd.muted', null, more));
}

export function tiles(result: Result): HTMLElement {
  const m = result.metrics;
  const duration = m.http_req_duration?.values ?? {};
  const reqs = m.http_reqs?.values ?? {};
  const failed = m.http_req_failed?.values ?? {};
  const checks = m.checks?.values;
  const errorShare = failed.rate;
  return h('dl.tiles', null,
    tile('p95', format.ms(duration.p95), `median ${format.ms(duration.p50)}, p99 ${format.ms(duration.p99)}`),
    tile('Errors', format.percent(errorShare), `${format.count(failed.nonzero)} of ${format.count(failed.count)} requests`,
      (errorShare ?? 0) > 0.01),
    tile('Throughput', format.rate(reqs.rate), `${format.count(reqs.count)} requests`),
    tile('Iterations', format.count(result.run.iterations_complete),
      `${format.count(result.run.iterations_interrupted)} interrupted`),
    checks && tile('Checks', format.percent(checks.rate), `${format.count((checks.count ?? 0) - (checks.nonzero ?? 0))} failed`,
      (checks.rate ?? 1) < 0.99));
}

/** Where the true value is with 95 % certainty. */
function interval(c: Criterion): Child {
  if (c.low === undefined || c.high === undefined) return null;
  return h('span', { title: '95 % confidence interval' }, `${format.byUnit(c.low, c.unit)} to ${format.byUnit(c.high, c.unit)}`);
}

function marginBar(c: Criterion): Child {
  if (c.margin === undefined || c.margin === 0) return null;
  const share = Math.min(Math.abs(c.margin), 1);
  const bar = h('span.bar', { 'aria-hidden': 'true' }, h(`span.${c.margin < 0 ? 'over' : 'spare'}`, null));
  (bar.firstChild as HTMLElement).style.setProperty('inline-size', `${share * 100}%`);
  const side = c.margin > 0 ? 'to spare' : c.limit_text.startsWith('>') ? 'short' : 'over';
  return [h('span', null, `${(Math.abs(c.margin) * 100).toFixed(1)} % ${side}`), bar];
}

export function criteria(result: Result): HTMLElement | null {
  const list = result.verdict?.criteria ?? [];
  if (list.length === 0) return null;
  return section('criteria', 'Criteria', h('ul.criteria', null, list.map((c) =>
    h(`li.${c.state.replace(' ', '-')}`, null,
      mark(c.state),
      h('div.what', null, h('strong', null, c.text), h('p.muted', null, c.sentence)),
      h('div.figure', null, h('span.value', null, c.value_text), interval(c), marginBar(c))))));
}

export function actions(result: Result): HTMLElement | null {
  const list = result.verdict?.actions ?? [];
  if (list.length === 0) return null;
  return section('actions', 'What to do', h('ol.actions', null, list.map((a) =>
    h('li', null, h('strong', null, a.title), h('p', null, a.advice), h('p.muted', null, 'Evidence: ', a.evidence)))));
}

/** Below the target's address only the path is worth reading; the whole name is in the tooltip. */
function endpointName(e: Endpoint, target: string): Child {
  const below = target !== '' && e.name.startsWith(`${target.replace(/\/$/, '')}/`);
  const short = below ? e.name.slice(target.replace(/\/$/, '').length) : e.name;
  const named = e.name.startsWith(`${e.method} `); // scripts often put the method into the name themselves
  return h('span.endpoint', { title: e.name }, h('span.method', null, e.method), ' ', named ? e.name.slice(e.method.length + 1) : short);
}

/** The figure with a bar behind it that compares it with the largest of its column. */
function barred(value: number | undefined, largest: number): Child {
  const cell = h('span.barred', null, h('span.fill', { 'aria-hidden': 'true' }), h('span', null, format.ms(value)));
  (cell.firstChild as HTMLElement).style.setProperty('inline-size', `${largest > 0 ? (100 * (value ?? 0)) / largest : 0}%`);
  return cell;
}

export function endpoints(result: Result): HTMLElement | null {
  if (result.endpoints.length === 0) return null;
  const largest = Math.max(...result.endpoints.map((e) => e.duration_ms.p95 ?? 0));
  const share = (e: Endpoint) => (e.requests ? e.failed / e.requests : 0);
  const figure = (key: 'p50' | 'p90' | 'p99' | 'p99.9' | 'max') => ({
    title: key,
    cell: (e: Endpoint) => format.ms(e.duration_ms[key]),
    sort: (e: Endpoint) => e.duration_ms[key] ?? 0,
  });
  return section('endpoints', 'Endpoints',
    table<Endpoint>([
      { title: 'Endpoint', cell: (e) => endpointName(e, result.run.target), text: true },
      { title: 'Requests', cell: (e) => format.count(e.requests), sort: (e) => e.requests },
      { title: 'Failed', cell: (e) => h(share(e) > 0.01 ? 'span.bad' : 'span', null, format.percent(share(e))), sort: share },
      figure('p50'),
      figure('p90'),
      { title: 'p95', cell: (e) => barred(e.duration_ms.p95, largest), sort: (e) => e.duration_ms.p95 ?? 0 },
      figure('p99'), figure('p99.9'), figure('max'),
      { title: 'Received', cell: (e) => format.bytes(e.received_bytes), sort: (e) => e.received_bytes },
    ], result.endpoints, 'Percentiles by endpoint'),
    omitted(result.endpoints.length, result.endpoints_total, 'endpoints'));
}

const isError = (o: Outcome) => o.status === 0 || o.status >= 400 || Boolean(o.error);

function statusText(status: number): string {
  return status === 0 ? 'no answer' : status < 0 ? 'others' : String(status);
}

/** What statuses mean that load tests meet, where the answer brought no text of its own. */
const REASONS: Record<number, string> = {
  400: 'bad request', 401: 'unauthorized', 403: 'forbidden', 404: 'not found', 408: 'request timeout', 409: 'conflict',
  413: 'content too large', 422: 'unprocessable content', 429: 'too many requests', 500: 'internal server error',
  502: 'bad gateway', 503: 'service unavailable', 504: 'gateway timeout',
};

export function errors(result: Result): HTMLElement {
  const rows = result.endpoints.flatMap((e) => e.outcomes.filter(isError).map((o) => ({ e, o })));
  if (rows.length === 0) {
    return section('errors', 'Errors', h('p.muted', null, 'Every request got an answer with a status below 400.'));
  }
  rows.sort((a, b) => b.o.count - a.o.count);
  return section('errors', 'Errors', table<(typeof rows)[number]>([
    { title: 'Endpoint', cell: (r) => endpointName(r.e, result.run.target), text: true },
    { title: 'Status', cell: (r) => statusText(r.o.status), sort: (r) => r.o.status, text: true },
    { title: 'Cause', cell: (r) => r.o.error ?? REASONS[r.o.status] ?? '', text: true },
    { title: 'Code', cell: (r) => r.o.error_code ?? '', sort: (r) => r.o.error_code ?? 0 },
    { title: 'Count', cell: (r) => format.count(r.o.count), sort: (r) => r.o.count },
    { title: 'Of its requests', cell: (r) => format.percent(r.e.requests ? r.o.count / r.e.requests : 0),
      sort: (r) => r.o.count / (r.e.requests || 1) },
  ], rows.slice(0, 300), 'Errors by endpoint, status and cause'),
  omitted(Math.min(rows.length, 300), rows.length, 'kinds of errors'));
}

export function checks(result: Result): HTMLElement | null {
  const list = result.checks;
  if (list.length === 0) return null;
  return section('checks', 'Checks', table<(typeof list)[number]>([
    { title: 'Check', cell: (c) => [mark(c.fails ? 'failed' : 'passed'), ' ', c.name], text: true },
    { title: 'Group', cell: (c) => c.group.replace(/^::/, '').replaceAll('::', ' › '), text: true },
    { title: 'Passed', cell: (c) => format.percent(c.passes / (c.passes + c.fails || 1)), sort: (c) => c.passes / (c.passes + c.fails || 1) },
    { title: 'Passes', cell: (c) => format.count(c.passes), sort: (c) => c.passes },
    { title: 'Fails', cell: (c) => format.count(c.fails), sort: (c) => c.fails },
  ], list, 'Checks by group'), omitted(list.length, result.checks_total, 'checks'));
}

export function thresholds(result: Result): HTMLElement | null {
  const rows = Object.entries(result.metrics).flatMap(([name, m]) => m.thresholds.map((t) => ({ name, m, t })));
  if (rows.length === 0) return null;
  const figure = (m: Metric, source: string, value: number) => {
    if (m.type === 'rate') return format.percent(value);
    if (m.type === 'counter' && source.trim().startsWith('rate')) return `${format.byContains(value, m.contains)}/s`;
    return format.byContains(value, m.contains);
  };
  return section('thresholds', 'Thresholds of the script', table<(typeof rows)[number]>([
    { title: 'Metric', cell: (r) => [mark(r.t.ok ? 'passed' : 'failed'), ' ', h('code', null, r.name)], text: true },
    { title: 'Threshold', cell: (r) => h('code', null, r.t.source), text: true },
    { title: 'Figure', cell: (r) => figure(r.m, r.t.source, r.t.value) },
  ], rows, 'Thresholds'));
}

const TREND_KEYS = ['avg', 'min', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max'];

export function metrics(result: Result): HTMLElement | null {
  const all = Object.entries(result.metrics);
  const trends = all.filter(([, m]) => m.type === 'trend');
  const others = all.filter(([, m]) => m.type !== 'trend');
  if (all.length === 0) return null;
  const name = ([n]: [string, Metric]) => h('code', null, n);
  const text = (m: Metric) => {
    const v = m.values;
    if (m.type === 'counter') return [format.byContains(v.count, m.contains), `${format.byContains(v.rate, m.contains)}/s`];
    if (m.type === 'rate') return [format.percent(v.rate), `${format.count(v.nonzero)} of ${format.count(v.count)}`];
    return [format.byContains(v.value, m.contains), `min ${format.byContains(v.min, m.contains)}, max ${format.byContains(v.max, m.contains)}`];
  };
  return h('section', { id: 'metrics' }, h('details', null, h('summary', null, h('h2', null, 'All metrics')),
    trends.length > 0 && table<[string, Metric]>([
      { title: 'Trend', cell: name, text: true },
      { title: 'count', cell: ([, m]) => format.count(m.values.count) },
      ...TREND_KEYS.map((key) => ({ title: key, cell: ([, m]: [string, Metric]) => format.byContains(m.values[key], m.contains) })),
    ], trends, 'Trends'),
    others.length > 0 && table<[string, Metric]>([
      { title: 'Metric', cell: name, text: true },
      { title: 'Kind', cell: ([, m]) => m.type, text: true },
      { title: 'Value', cell: ([, m]) => text(m)[0] },
      { title: '', cell: ([, m]) => text(m)[1] },
    ], others, 'Counters, gauges and rates'),
    omitted(all.length, result.metrics_total, 'metrics')));
}

function generatorUse(g: Generator): HTMLElement | null {
  const parts: string[] = [];
  if (g.starts_scheduled) parts.push(`${format.count(g.starts_scheduled)} starts scheduled, ${format.count(g.starts_dropped ?? 0)} dropped, ${format.count(g.starts_missed ?? 0)} missed`);
  if (g.descriptors_limit) parts.push(`descriptors: at most ${format.count(g.descriptors_peak ?? 0)} of ${format.count(g.descriptors_limit)}`);
  if (g.ports_limit) parts.push(`local ports left: ${format.count(Math.max(0, g.ports_limit - (g.ports_peak ?? 0)))} of ${format.count(g.ports_limit)}`);
  return parts.length > 0 ? h('p', null, `${parts.join('; ')}.`) : null;
}

export function generator(result: Result): HTMLElement | null {
  const { workers } = result.generator;
  const selfChecks = result.verdict?.self_checks ?? [];
  if (workers.length === 0 && selfChecks.length === 0) return null;
  const rows = workers.map((w, i) => ({ ...w, i, need: Math.min(1, Math.max(w.cpu_share + w.starved_share, w.busy_share)) }));
  const delay = (d: Delays) => (d.p99_ms === undefined ? '–' : format.ms(d.p99_ms));
  return section('generator', 'Can this run be trusted?',
    selfChecks.length > 0 && h('ul.self-checks', null, selfChecks.map((c) =>
      h('li', null, mark(c.ok ? 'passed' : c.fatal ? 'failed' : 'not measured'), h('span', null, h('strong', null, c.name), ' ', c.text,
        !c.ok && c.remedy && h('span.muted', null, ` ${c.remedy}`))))),
    rows.length > 0 && table<(typeof rows)[number]>([
      { title: 'Worker of the generator', cell: (w) => `worker ${w.i + 1}`, text: true },
      { title: 'Needed of a core', cell: (w) => h(w.need > 0.8 ? 'span.bad' : 'span', null, format.percent(w.need)) },
      { title: 'Got', cell: (w) => format.percent(w.cpu_share) },
      { title: 'Starts late, p99', cell: (w) => delay(w.start_lag) },
      { title: 'Timers late, p99', cell: (w) => delay(w.timer_lateness) },
      { title: 'Answers held, p99', cell: (w) => delay(w.loop_lag) },
      { title: 'Latest timer', cell: (w) => format.ms(w.timer_late_ms_max) },
      { title: 'Longest turn', cell: (w) => format.ms(w.turn_ms_max) },
    ], rows, 'Health of the load generator'),
    generatorUse(result.generator));
}

/** Who approved, who was told, and the checklist with its answers. */
export function preparation(result: Result): HTMLElement | null {
  const p = result.preparation;
  if (!p) return null;
  const when = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ') + ' UTC';
  const pairs: [string, string | undefined][] = [
    ['Approved by', p.approval && `${p.approval.who}: ${p.approval.why}`],
    ['Stakeholders told', p.told_at_unix_ms === undefined ? undefined : when(p.told_at_unix_ms)],
    ['Preflight', p.preflight && `${p.preflight.ready ? 'ready' : 'not ready'}, ${when(p.preflight.started_unix_ms)}`],
  ];
  const items = p.preflight?.items ?? [];
  return section('preparation', 'Before the test',
    h('dl.pairs', null, pairs.filter(([, v]) => v).map(([k, v]) => [h('dt', null, k), h('dd', null, v)])),
    items.length > 0 && table<(typeof items)[number]>([
      { title: 'Item', cell: (i) => i.key, text: true },
      { title: 'State', cell: (i) => h(i.state === 'failed' || i.state === 'open' ? 'span.bad' : 'span', null, i.state), text: true },
      { title: 'Found or answered', cell: (i) => [i.asked && h('span.muted', null, 'answered: '), i.text], text: true },
    ], items, 'Checklist before the test'));
}

export function configuration(result: Result): HTMLElement {
  const { run } = result;
  const length = run.demanded_ms === undefined ? format.span(run.duration_ms / 1000)
    : `${format.span(run.duration_ms / 1000)} of ${format.span(run.demanded_ms / 1000)}${run.full_length ? '' : ' (not a full test)'}`;
  const end = run.end === 'complete' ? 'ran its course' : `${run.end === 'decided' ? 'ended early, the answer being known' : run.end}${run.end_reason ? `: ${run.end_reason}` : ''}`;
  const pairs: [string, Child][] = [
    ['Test', run.test], ['Target', run.target], ['Script', run.script], ['Length', length], ['End', end],
    ['Started', format.moment(run.started)], ['Generator', run.host], ['Made by', `${result.tool.name} ${result.tool.version}`],
  ];
  return section('configuration', 'Configuration',
    h('dl.pairs', null, pairs.filter(([, v]) => v).map(([k, v]) => [h('dt', null, k), h('dd', null, v)])),
    run.scenarios.length > 0 && table<(typeof run.scenarios)[number]>([
      { title: 'Scenario', cell: (s) => s.name, text: true },
      { title: 'Executor', cell: (s) => s.executor, text: true },
      { title: 'Load', cell: (s) => s.description, text: true },
    ], run.scenarios, 'Scenarios'));
}
