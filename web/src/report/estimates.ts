// What ramps, spikes and soaks find out: capacity, recovery, and what the target said of itself.
import { chart, describe, line, spikeMarks, type Mark, type Spec } from './charts';
import type { Capacity, CapacityFigure, CapacityStep, Leak, Recovery, Result, Search, TargetSeries } from './data';
import { h, type Child } from './dom';
import * as format from './format';
import { omitted, section } from './sections';
import { table } from './table';

function facts(pairs: [string, Child][]): HTMLElement {
  return h('dl.pairs', null, pairs.map(([k, v]) => [h('dt', null, k), h('dd', null, v)]));
}

// Capacity ----------------------------------------------------------------------------------------

function loadText(unit: Capacity['load_unit']): (v: number) => string {
  return unit === 'starts_per_s' ? format.rate : (v) => format.count(Math.round(v));
}

function capacityMarks(c: Capacity): Mark[] {
  const mark = (f: CapacityFigure | undefined, text: string, colour: Mark['colour']): Mark[] =>
    (f ? [{ at: f.load, low: f.load_low, high: f.load_high, text: `${text} ${loadText(c.load_unit)(f.load)}`, colour }] : []);
  return [...mark(c.knee, 'knee', 'warn'), ...mark(c.breaking_point, 'break', 'failed')];
}

function loadCharts(result: Result, unsorted: CapacityStep[], unit: Capacity['load_unit'], marks: Mark[]): HTMLElement {
  const steps = [...unsorted].sort((a, b) => a.load - b.load);
  const loads = steps.map((s) => s.load);
  const x = { value: loadText(unit), label: unit === 'starts_per_s' ? 'starts per second' : 'virtual users' };
  const throughput = steps.map((s) => s.throughput);
  const goodput = steps.map((s) => s.goodput);
  const p95 = steps.map((s) => s.p95_ms ?? null);
  const p50 = steps.map((s) => s.p50_ms ?? null);
  const points = { points: { show: true, size: 6 } };
  const criterion = result.verdict?.criteria.find((k) => k.name.replace(/[()]/g, '') === 'p95' && k.unit === 'ms' && !k.endpoint);
  const common = { height: 230, x, marks };
  const specs: Spec[] = [
    {
      ...common, title: 'Throughput by load', value: format.rate, data: [loads, throughput, goodput],
      summary: `Line chart: ${describe('throughput', loads, throughput, format.rate, x.value)} ${x.label}`,
      series: (p) => [line('throughput', p.requests, format.rate, points), line('without errors', p.p50, format.rate, { ...points, dash: [5, 4] })],
    },
    {
      ...common, title: 'Latency by load', value: format.ms, data: [loads, p50, p95],
      summary: `Line chart: ${describe('p95', loads, p95, format.ms, x.value)} ${x.label}`,
      series: (p) => [line('p50', p.p50, format.ms, points), line('p95', p.p95, format.ms, { ...points, width: 2.5 })],
      ...(criterion ? { limit: criterion.limit, limitText: criterion.text } : {}),
    },
  ];
  return h('div.pair', null, specs.map(chart));
}

const BEYOND: Record<Capacity['beyond'], string> = {
  unknown: 'not seen: the load did not go beyond the breaking point', graceful: 'graceful', degraded: 'degraded', collapse: 'collapse',
};

function lawText(law: NonNullable<Capacity['scalability']>, load: (v: number) => string, unit: string): string {
  const peak = law.load_max === undefined || law.throughput_max === undefined ? 'no peak'
    : `at most ${format.rate(law.throughput_max)} at ${load(law.load_max)}${unit}`;
  const interval = law.throughput_low === undefined || law.throughput_high === undefined ? ''
    : ` (throughput ${format.rate(law.throughput_low)} to ${format.rate(law.throughput_high)})`;
  return `${peak}${interval}; contention ${format.percent(law.sigma)}`;
}

export function capacity(result: Result): HTMLElement | null {
  const c = result.verdict?.capacity;
  if (!c) return null;
  const text = loadText(c.load_unit);
  const unit = c.load_unit === 'starts_per_s' ? '' : ' virtual users';
  const figure = (f: CapacityFigure | undefined) =>
    (f ? `${text(f.load)}${unit} (${text(f.load_low)} to ${text(f.load_high)}), ${format.rate(f.throughput)}` : 'not reached');
  return section('capacity', 'Capacity', h('p', null, c.sentence),
    c.steps.length > 1 && loadCharts(result, c.steps, c.load_unit, capacityMarks(c)),
    c.measured && facts([
      ['Knee', figure(c.knee)], ['Breaking point', figure(c.breaking_point)],
      ['Beyond it', `${BEYOND[c.beyond]}${c.goodput_beyond === undefined ? '' : `, ${format.percent(c.goodput_beyond)} of the best goodput left`}`],
      ...(c.scalability ? [['Scalability law', lawText(c.scalability, text, unit)] as [string, Child]] : []),
    ]),
    stepTable(c.steps, c.load_unit));
}

function stepTable(steps: CapacityStep[], unit: Capacity['load_unit']): Child {
  return steps.length > 0 && table<CapacityStep>([
    { title: unit === 'starts_per_s' ? 'Starts per second' : 'Virtual users', cell: (s) => loadText(unit)(s.load), text: true },
    { title: 'From', cell: (s) => format.clock(s.start_s) },
    { title: 'For', cell: (s) => format.span(s.length_s) },
    { title: 'Throughput', cell: (s) => format.rate(s.throughput), sort: (s) => s.throughput },
    { title: 'Without errors', cell: (s) => format.rate(s.goodput), sort: (s) => s.goodput },
    { title: 'p50', cell: (s) => format.ms(s.p50_ms), sort: (s) => s.p50_ms ?? 0 },
    { title: 'p95', cell: (s) => format.ms(s.p95_ms), sort: (s) => s.p95_ms ?? 0 },
    { title: 'Errors', cell: (s) => h((s.error_share ?? 0) > 0.01 ? 'span.bad' : 'span', null, format.percent(s.error_share)), sort: (s) => s.error_share ?? 0 },
  ], steps, 'Levels of load');
}

function searchMarks(s: Search): Mark[] {
  const mark = (at: number | undefined, text: string, colour: Mark['colour']): Mark[] =>
    (at === undefined ? [] : [{ at, text: `${text} ${format.rate(at)}`, colour }]);
  return [...mark(s.held, 'held', 'good'), ...mark(s.broke, 'broke', 'failed')];
}

/** The highest rate that holds, found by trials after the ramp. */
export function search(result: Result): HTMLElement | null {
  const s = result.verdict?.search;
  if (!s) return null;
  return section('search', 'Highest rate that holds', h('p', null, s.sentence),
    s.steps.length > 1 && loadCharts(result, s.steps, 'starts_per_s', searchMarks(s)),
    stepTable(s.steps, 'starts_per_s'));
}

// Recovery ----------------------------------------------------------------------------------------

function recoverySpec(result: Result, r: Recovery): Spec | null {
  const { spike_start_ms: start, spike_end_ms: end } = result.run;
  const s = result.probe?.slices ?? result.slices;
  const what = result.probe ? 'p95 of the probe, from the meant start,' : 'p95';
  if (start === undefined || end === undefined || r.p95_before_ms === undefined) return null;
  // From a little before the spike to a while after the recovery: the rest is in the charts above.
  const from = start / 1000 - 30;
  const until = end / 1000 + Math.max(60, 2 * (r.total_s ?? 0));
  const chosen = s.start_s.map((t, i) => ({ t: t + (s.length_s[i] ?? 0) / 2, p95: s.p95_ms[i] ?? null }))
    .filter((p) => p.t >= from && p.t <= until);
  const x = chosen.map((p) => p.t);
  const p95 = chosen.map((p) => p.p95);
  return {
    title: `${what} around the spike`, height: 210, value: format.ms, data: [x, p95, x.map(() => r.p95_before_ms ?? null)],
    summary: `Line chart: ${describe('p95', x, p95, format.ms)}; before the spike ${format.ms(r.p95_before_ms)}`,
    marks: spikeMarks(result),
    series: (p) => [line('p95', p.p95, format.ms, { width: 2.5 }), line('before the spike', p.vus, format.ms, { dash: [5, 4] })],
  };
}

export function recovery(result: Result): HTMLElement | null {
  const r = result.verdict?.recovery;
  if (!r) return null;
  const spec = r.measured ? recoverySpec(result, r) : null;
  const seconds = (s: number | undefined) => (s === undefined ? '–' : format.span(s));
  return section('recovery', 'Recovery after the spike', h('p', null, r.sentence),
    spec && spec.data[0].length > 1 && chart(spec),
    r.measured && facts([
      [r.recovered ? 'As before after' : 'Not as before within', `${seconds(r.total_s)}, to within ${seconds(r.resolution_s)}`],
      ['Latency alone', seconds(r.latency_s)], ['Errors alone', seconds(r.error_s)], ['Goodput alone', seconds(r.goodput_s)],
      ['Observed', `${seconds(r.observed_s)} after the spike, compared with ${seconds(r.reference_s)} before it`],
      ['p95', `${format.ms(r.p95_before_ms)} before (as before up to ${format.ms(r.p95_limit_ms)}), up to ${format.ms(r.p95_peak_ms)}`],
      ['Errors', `${format.percent(r.error_share_before)} before, up to ${format.percent(r.error_share_peak)}`],
      ...(r.metastable ? [['State', 'the load was back, and it got no better'] as [string, Child]] : []),
    ]));
}

// Target ------------------------------------------------------------------------------------------

/** The straight line of the slope: through the level after the warm-up. */
function trendLine(series: TargetSeries, leak: Leak | undefined): (number | null)[] | null {
  const { slope_mb_per_h: slope, start_mb: start, warm_up_s: begin } = leak ?? {};
  if (series.name !== 'memory' || slope === undefined || start === undefined) return null;
  return series.at_s.map((t) => (t < (begin ?? 0) ? null : 1e6 * (start + (slope * (t - (begin ?? 0))) / 3600)));
}

function seriesSpec(series: TargetSeries, leak: Leak | undefined): Spec {
  const trend = trendLine(series, leak);
  const value = (v: number) => format.byUnit(v, series.unit);
  return {
    title: series.name, height: trend ? 220 : 130, value,
    summary: `Line chart over time: ${describe(series.name, series.at_s, series.value, value)}`,
    data: trend ? [series.at_s, series.value, trend] : [series.at_s, series.value],
    series: (p) => [line(series.name, p.requests, value, { fill: p.fill }),
      ...(trend ? [line(`trend ${format.byUnit(leak?.slope_mb_per_h, 'mb_per_h')}`, p.failed, value, { width: 2, dash: [6, 4] })] : [])],
    ...(series.limit === undefined ? {} : { limit: series.limit, limitText: value(series.limit) }),
  };
}

function leakFacts(l: Leak): Child {
  if (!l.measured) return null;
  const mb = (v: number | undefined) => (v === undefined ? '–' : format.bytes(v * 1e6));
  const pairs: [string, Child][] = [
    ['Slope', `${format.byUnit(l.slope_mb_per_h, 'mb_per_h')} (${format.byUnit(l.low, 'mb_per_h')} to ${format.byUnit(l.high, 'mb_per_h')})`],
    ['Level', `${mb(l.start_mb)} after ${format.span(l.warm_up_s ?? 0)} of warm-up, ${mb(l.end_mb)} at the end, at most ${mb(l.max_mb)}`],
  ];
  if (l.step_mb !== undefined) pairs.push(['Steps', `${mb(l.step_mb)} altogether, no part of the slope`]);
  if (l.cache_mb !== undefined) pairs.push(['Cache', `filled by ${mb(l.cache_mb)}, to 63 % in ${format.span(l.cache_tau_s ?? 0)}; no part of the slope`]);
  if (l.levels_off) pairs.push(['Course', 'levels off']);
  if (l.mb_per_1000_requests !== undefined) pairs.push(['For 1,000 requests', mb(l.mb_per_1000_requests)]);
  if (l.limit_after_s !== undefined) pairs.push(['Limit reached', `${format.span(l.limit_after_s)} after the end, if it goes on`]);
  if (l.needed_s !== undefined) pairs.push(['To decide', `a run of ${format.span(l.needed_s)}`]);
  return facts(pairs);
}

export function target(result: Result): HTMLElement | null {
  const leak = result.verdict?.leak;
  const drawn = result.target.filter((s) => s.at_s.length > 1);
  if (!leak && drawn.length === 0) return null;
  const large = drawn.filter((s) => s.name === 'memory');
  const small = drawn.filter((s) => s.name !== 'memory');
  const source = (s: TargetSeries) => `${s.source}${s.missed ? `, ${format.count(s.missed)} samples missed` : ''}`;
  const frame = (s: TargetSeries) => h('div.series', null, chart(seriesSpec(s, leak)), h('p.muted', null, source(s)));
  return section('target', 'The target during the run', leak && h('p', null, leak.sentence),
    large.map(frame), leak && leakFacts(leak),
    small.length > 0 && h('div.pair.small', null, small.map(frame)),
    omitted(result.target.length, result.target_total, 'series'));
}
