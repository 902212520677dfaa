// Charts over time. uPlot draws on canvases, which know nothing of CSS: colours are read when a chart is made,
// and all charts are made anew when the colour scheme changes or the page is printed.
import uPlot from 'uplot';
import type { Result } from './data';
import * as format from './format';
import { h } from './dom';

interface Palette {
  text: string;
  warn: string;
  good: string;
  grid: string;
  p50: string;
  p95: string;
  p99: string;
  requests: string;
  fill: string;
  failed: string;
  vus: string;
  limit: string;
}

/** A vertical line at a place of the x axis, with its interval as a band. */
export interface Mark {
  at: number;
  low?: number;
  high?: number;
  text: string;
  colour: 'warn' | 'failed' | 'good' | 'vus';
}

export interface Spec {
  title: string;
  summary: string;
  height: number;
  data: uPlot.AlignedData;
  series: (palette: Palette) => uPlot.Series[];
  value: (v: number) => string;
  limit?: number;
  limitText?: string;
  marks?: Mark[];
  x?: { value: (v: number) => string; label: string; points?: boolean }; // default: time
}

/** Steps of the time axis in seconds: whole ones that people count in. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: colour('muted'), grid: colour('grid'), p50: colour('p50'), p95: colour('p95'), p99: colour('p99'),
    requests: colour('requests'), fill: colour('fill'), failed: colour('failed'), vus: colour('vus'),
    limit: colour('failed'), warn: colour('warn'), good: colour('good'),
  };
}

function perSecond(values: number[], lengths: number[]): number[] {
  return values.map((v, i) => v / (lengths[i] || 1));
}

/** A dashed line at the limit of a criterion, with its text. */
function limitLine(limit: number, text: string, colours: Palette): uPlot.Plugin {
  const draw = (u: uPlot) => {
    const top = u.scales.y?.max ?? 0;
    if (limit > top) return;
    const ratio = devicePixelRatio;
    const y = u.valToPos(limit, 'y', true);
    const { ctx, bbox } = u;
    ctx.save();
    ctx.strokeStyle = colours.limit;
    ctx.fillStyle = colours.limit;
    ctx.lineWidth = ratio;
    ctx.setLineDash([5 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'bottom';
    ctx.fillText(text, bbox.left + 4 * ratio, y - 2 * ratio);
    ctx.restore();
  };
  return { hooks: { draw } };
}

/** Marks lie behind the curves; their texts stand in lines below each other where they would collide. */
function markLines(marks: Mark[], colours: Palette): uPlot.Plugin {
  const drawClear = (u: uPlot) => {
    const ratio = devicePixelRatio;
    const { ctx, bbox } = u;
    const place = (x: number) => Math.min(Math.max(u.valToPos(x, 'x', true), bbox.left), bbox.left + bbox.width);
    const ends: number[] = []; // where the last text of each line ends
    ctx.save();
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    ctx.textBaseline = 'top';
    for (const mark of [...marks].sort((a, b) => a.at - b.at)) {
      const colour = colours[mark.colour];
      const x = place(mark.at);
      ctx.fillStyle = `${colour}22`;
      if (mark.low !== undefined && mark.high !== undefined) {
        ctx.fillRect(place(mark.low), bbox.top, Math.max(place(mark.high) - place(mark.low), 1), bbox.height);
      }
      ctx.strokeStyle = colour;
      ctx.lineWidth = 1.5 * ratio;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const width = ctx.measureText(mark.text).width;
      const fits = x + 4 * ratio + width <= bbox.left + bbox.width; // else it stands left of its line
      const left = fits ? x + 4 * ratio : x - 4 * ratio - width;
      let row = ends.findIndex((end) => end < left);
      if (row < 0) row = ends.length;
      ends[row] = left + width + 8 * ratio;
      ctx.fillStyle = colour;
      ctx.fillText(mark.text, left, bbox.top + (2 + 14 * row) * ratio);
    }
    ctx.restore();
  };
  return { hooks: { drawClear } };
}

export function line(label: string, stroke: string, value: (v: number) => string, more: uPlot.Series = {}): uPlot.Series {
  return {
    label, stroke, width: 1.5, points: { show: false },
    value: (_u, v) => (v === null || v === undefined ? '–' : value(v)),
    ...more,
  };
}

function axes(colours: Palette, spec: Spec): uPlot.Axis[] {
  const common = {
    stroke: colours.text,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  const { x } = spec;
  const along: uPlot.Axis = x
    ? { label: x.label, labelSize: 16, labelFont: '11px system-ui, sans-serif', values: (_u, splits) => splits.map(x.value) }
    : { incrs: TIME_STEPS, values: (_u, splits) => splits.map(format.clock) };
  return [
    { ...common, grid: { show: false }, size: 24, ...along },
    { ...common, size: 62, values: (_u, splits) => splits.map((v) => format.tick(spec.value(v))) },
  ];
}

/** Where the axis ends: a limit is in view unless that would press the curves flat. */
function top(max: number, limit = 0): number {
  const data = max > 0 ? max : 1;
  return limit <= 2.5 * data ? Math.max(data, limit) : data;
}

function options(spec: Spec, width: number): uPlot.Options {
  const colours = palette();
  return {
    width,
    height: spec.height,
    padding: [10, spec.x ? 18 : 8, 0, 0],
    cursor: { ...(spec.x ? {} : { sync: { key: 'brunt' } }), points: { size: 6 }, drag: { x: true, y: false } },
    legend: { live: true },
    scales: { x: { time: false }, y: { range: (_u, _min, max) => [0, top(max, spec.limit) * 1.08] } },
    axes: axes(colours, spec),
    series: [{ label: spec.x?.label ?? 'Time', value: (_u, v) => (v === null || v === undefined ? '–' : (spec.x?.value ?? format.clock)(v)) },
      ...spec.series(colours)],
    plugins: [
      ...(spec.marks?.length ? [markLines(spec.marks, colours)] : []),
      ...(spec.limit === undefined ? [] : [limitLine(spec.limit, spec.limitText ?? '', colours)]),
    ],
  };
}

interface Mounted {
  element: HTMLElement;
  make: (width?: number) => void;
}

const mounted: Mounted[] = [];

/** A chart in its frame; drawAll() draws it. */
export function chart(spec: Spec): HTMLElement {
  const area = h('div.plot', { role: 'img', 'aria-label': spec.summary });
  const element = h('figure.chart', null,
    h('figcaption', null, spec.title, spec.limitText && h('span.muted', null, ` · limit ${spec.limitText}`)), area);
  let plot: uPlot | undefined;
  const make = (width?: number) => {
    plot?.destroy();
    plot = new uPlot(options(spec, width ?? Math.max(area.clientWidth, 200)), spec.data, area);
  };
  new ResizeObserver(() => {
    const width = area.clientWidth;
    if (plot && width > 0 && Math.abs(plot.width - width) > 1) plot.setSize({ width, height: spec.height });
  }).observe(area);
  mounted.push({ element, make });
  return element;
}

/** "p95 8.10 ms to 1.20 s, highest at 2:10": what a curve shows, for those who do not see it. */
export function describe(label: string, x: number[], values: (number | null)[], value: (v: number) => string, place = format.clock): string {
  let low = Infinity;
  let high = -Infinity;
  let at = 0;
  values.forEach((v, i) => {
    if (v === null) return;
    low = Math.min(low, v);
    if (v > high) { high = v; at = x[i] ?? 0; }
  });
  return high === -Infinity ? `${label}: nothing` : `${label} ${value(low)} to ${value(high)}, highest at ${place(at)}`;
}

/** When the spike began and ended, and when it was over for the service. */
export function spikeMarks(result: Result): Mark[] {
  const { spike_start_ms: start, spike_end_ms: end } = result.run;
  if (start === undefined || end === undefined) return [];
  const recovery = result.verdict?.recovery;
  const marks: Mark[] = [
    { at: start / 1000, low: start / 1000, high: end / 1000, text: 'spike', colour: 'vus' },
    { at: end / 1000, text: 'spike ends', colour: 'vus' },
  ];
  if (recovery?.recovered && recovery.total_s !== undefined) {
    const at = end / 1000 + recovery.total_s;
    const half = (recovery.resolution_s ?? 0) / 2;
    marks.push({ at, low: at - half, high: at + half, text: `recovered after ${format.span(recovery.total_s)}`, colour: 'good' });
  }
  return marks;
}

function latencySpec(result: Result, x: number[]): Spec {
  const s = result.slices;
  const criterion = result.verdict?.criteria.find((c) => c.name.replace(/[()]/g, '') === 'p95' && c.unit === 'ms' && !c.endpoint);
  return {
    title: 'Latency of requests',
    summary: `Line chart of the request duration over time: ${describe('p50', x, s.p50_ms, format.ms)}; ${describe('p95', x, s.p95_ms, format.ms)}`,
    marks: spikeMarks(result),
    height: 240,
    data: [x, s.p50_ms, s.p95_ms, s.p99_ms],
    value: format.ms,
    series: (c) => [line('p50', c.p50, format.ms), line('p95', c.p95, format.ms, { width: 2.5 }), line('p99', c.p99, format.ms)],
    ...(criterion ? { limit: criterion.limit, limitText: criterion.text } : {}),
  };
}

function throughputSpec(result: Result, x: number[]): Spec {
  const s = result.slices;
  const requests = perSecond(s.requests, s.length_s);
  const failed = perSecond(s.failed, s.length_s);
  return {
    title: 'Requests and errors per second',
    summary: `Area chart over time: ${describe('requests', x, requests, format.rate)}; ${describe('failed', x, failed, format.rate)}`,
    height: 200,
    data: [x, requests, failed],
    value: format.rate,
    series: (c) => [
      line('requests', c.requests, format.rate, { fill: c.fill }),
      line('failed', c.failed, format.rate, { width: 2, fill: `${c.failed}40` }),
    ],
  };
}

function vusSpec(result: Result, x: number[]): Spec {
  const steps = uPlot.paths.stepped?.({ align: 1 });
  return {
    title: 'Virtual users',
    summary: `Step chart over time: ${describe('virtual users', x, result.slices.vus, format.count)}`,
    height: 120,
    data: [x, result.slices.vus],
    value: format.count,
    series: (c) => [line('virtual users', c.vus, format.count, steps ? { paths: steps } : {})],
  };
}

/** A slice's figures stand at its middle. */
function middles(result: Result): number[] {
  const s = result.slices;
  return s.start_s.map((start, i) => start + (s.length_s[i] ?? 0) / 2);
}

/** Latency, throughput and the load below each other, on one axis of time. */
export function course(result: Result): HTMLElement | null {
  if (result.slices.start_s.length < 2) return null;
  const x = middles(result);
  return h('div', null, [latencySpec(result, x), throughputSpec(result, x), vusSpec(result, x)].map(chart));
}

/** Draws all charts, once they are in the page, and again when colours or paper change. */
export function drawAll(): void {
  const draw = (width?: (m: Mounted) => number) => mounted.forEach((m) => m.make(width?.(m)));
  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => draw());
  addEventListener('beforeprint', () => {
    document.documentElement.classList.add('printing');
    draw((m) => (m.element.closest('.small') ? 320 : 660));
  });
  addEventListener('afterprint', () => {
    document.documentElement.classList.remove('printing');
    draw();
  });
}
