// Charts over time. uPlot draws on canvases, which know nothing of CSS: colours are read when a chart is made,
// and all charts are made anew when the colour scheme changes or the page is printed.
import uPlot from 'uplot';
import type { Result } from './data';
import * as format from './format';
import { h } from './dom';

interface Palette {
  text: string;
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

interface Spec {
  title: string;
  summary: string;
  height: number;
  data: uPlot.AlignedData;
  series: (palette: Palette) => uPlot.Series[];
  value: (v: number) => string;
  limit?: number;
  limitText?: string;
}

/** Steps of the time axis in seconds: whole ones that people count in. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: colour('muted'), grid: colour('grid'), p50: colour('p50'), p95: colour('p95'), p99: colour('p99'),
    requests: colour('requests'), fill: colour('fill'), failed: colour('failed'), vus: colour('vus'),
    limit: colour('failed'),
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

function line(label: string, stroke: string, value: (v: number) => string, more: uPlot.Series = {}): uPlot.Series {
  return {
    label, stroke, width: 1.5, points: { show: false },
    value: (_u, v) => (v === null || v === undefined ? '–' : value(v)),
    ...more,
  };
}

function axes(colours: Palette, value: (v: number) => string): uPlot.Axis[] {
  const common = {
    stroke: colours.text,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return [
    { ...common, grid: { show: false }, size: 24, incrs: TIME_STEPS, values: (_u, splits) => splits.map(format.clock) },
    { ...common, size: 62, values: (_u, splits) => splits.map((v) => format.tick(value(v))) },
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
    padding: [10, 8, 0, 0],
    cursor: { sync: { key: 'brunt' }, points: { size: 6 }, drag: { x: true, y: false } },
    legend: { live: true },
    scales: { x: { time: false }, y: { range: (_u, _min, max) => [0, top(max, spec.limit) * 1.08] } },
    axes: axes(colours, spec.value),
    series: [{ label: 'Time', value: (_u, v) => (v === null || v === undefined ? '–' : format.clock(v)) },
      ...spec.series(colours)],
    plugins: spec.limit === undefined ? [] : [limitLine(spec.limit, spec.limitText ?? '', colours)],
  };
}

/** A chart in its frame; make() draws it, anew if need be. */
function mount(spec: Spec): { element: HTMLElement; make: (width?: number) => void } {
  const area = h('div.plot', { role: 'img', 'aria-label': spec.summary });
  const element = h('figure.chart', null, h('figcaption', null, spec.title, spec.limitText && h('span.muted', null, ` · criterion ${spec.limitText}`)), area);
  let chart: uPlot | undefined;
  const make = (width?: number) => {
    chart?.destroy();
    chart = new uPlot(options(spec, width ?? Math.max(area.clientWidth, 240)), spec.data, area);
  };
  new ResizeObserver(() => {
    const width = area.clientWidth;
    if (chart && width > 0 && Math.abs(chart.width - width) > 1) chart.setSize({ width, height: spec.height });
  }).observe(area);
  return { element, make };
}

function latencySpec(result: Result, x: number[]): Spec {
  const s = result.slices;
  const criterion = result.verdict?.criteria.find((c) => c.name.replace(/[()]/g, '') === 'p95' && c.unit === 'ms');
  return {
    title: 'Latency of requests',
    summary: 'Line chart of p50, p95 and p99 of the request duration over time',
    height: 240,
    data: [x, s.p50_ms, s.p95_ms, s.p99_ms],
    value: format.ms,
    series: (c) => [line('p50', c.p50, format.ms), line('p95', c.p95, format.ms, { width: 2.5 }), line('p99', c.p99, format.ms)],
    ...(criterion ? { limit: criterion.limit, limitText: criterion.text } : {}),
  };
}

function throughputSpec(result: Result, x: number[]): Spec {
  const s = result.slices;
  return {
    title: 'Requests and errors per second',
    summary: 'Area chart of requests per second and of failed requests per second over time',
    height: 200,
    data: [x, perSecond(s.requests, s.length_s), perSecond(s.failed, s.length_s)],
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
    summary: 'Step chart of the number of virtual users over time',
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

export function charts(result: Result): { element: HTMLElement; start: () => void } | null {
  if (result.slices.start_s.length < 2) return null;
  const x = middles(result);
  const all = [latencySpec(result, x), throughputSpec(result, x), vusSpec(result, x)].map(mount);
  const draw = (width?: number) => all.forEach((chart) => chart.make(width));
  const start = () => {
    draw();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => draw());
    addEventListener('beforeprint', () => {
      document.documentElement.classList.add('printing');
      draw(660);
    });
    addEventListener('afterprint', () => {
      document.documentElement.classList.remove('printing');
      draw();
    });
  };
  return { element: h('div', null, all.map((chart) => chart.element)), start };
}
