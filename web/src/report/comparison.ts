// The comparison with earlier runs: ratios with their intervals as dots and whiskers on one logarithmic axis.
import type { Change, Comparison, ComparisonRow, Result } from './data';
import { h, type Child } from './dom';
import * as format from './format';
import { omitted, section } from './sections';

const MARKS: Record<Change, string> = { ok: '=', regressed: '▲', improved: '▼', inconclusive: '?' };
const FIRST = 14; // rows that are shown without asking, besides all that are not ok

interface Axis {
  low: number;
  high: number;
  limit: number | undefined; // where the alert begins
}

interface NowByBefore {
  ratio?: number | undefined; // undefined: both are zero
  low?: number | undefined;
  high?: number | undefined;
  detectable?: number | undefined;
}

/** What a reader is shown, as in the text. In the document a ratio above 1 is worse, also of throughput. */
function nowByBefore(r: ComparisonRow): NowByBefore {
  const turned = (v: number | undefined) => (v !== undefined && v > 0 ? 1 / v : undefined);
  if (r.bound !== undefined) return {};
  if (!r.more_is_better) return r;
  return { ratio: turned(r.ratio), low: turned(r.high), high: turned(r.low), detectable: turned(r.detectable) };
}

/** All that is known of all rows is in view, and 1 always is; nothing beyond a factor of eight, which is drawn at the edge. */
function axisOf(rows: ComparisonRow[], limit: number | undefined): Axis {
  const values = rows.map(nowByBefore).flatMap((r) => [r.ratio, r.low, r.high, r.detectable]).filter((v): v is number => v !== undefined && v > 0);
  const reach = Math.max(1.25, limit ?? 1, ...values.map((v) => Math.max(v, 1 / v))) * 1.04;
  const bound = Math.min(reach, 8);
  return { low: 1 / bound, high: bound, limit: limit !== undefined && limit <= bound ? limit : undefined };
}

function place(axis: Axis, ratio: number): number {
  const share = Math.log(ratio / axis.low) / Math.log(axis.high / axis.low);
  return 100 * Math.min(Math.max(share, 0), 1);
}

function at(spec: string, start: number, length?: number): HTMLElement {
  const element = h(spec, null);
  element.style.setProperty('inset-inline-start', `${start}%`);
  if (length !== undefined) element.style.setProperty('inline-size', `${length}%`);
  return element;
}

function plot(axis: Axis, row: ComparisonRow): HTMLElement {
  const n = nowByBefore(row);
  const parts: HTMLElement[] = [at('span.one', place(axis, 1))];
  if (axis.limit !== undefined) parts.push(at('span.alert', place(axis, row.more_is_better ? 1 / axis.limit : axis.limit)));
  if (n.low !== undefined && n.high !== undefined) {
    const from = place(axis, n.low);
    parts.push(at('span.whisker', from, place(axis, n.high) - from));
  }
  if (n.detectable !== undefined) parts.push(at('span.detectable', place(axis, n.detectable)));
  if (n.ratio !== undefined && n.ratio > 0) {
    parts.push(at(n.low === undefined ? 'span.dot.vague' : 'span.dot', place(axis, n.ratio)));
  }
  return h('div.whiskers', { 'aria-hidden': 'true' }, parts);
}

/** "+20 %". */
const worse = (limit: number) => `+${Number(((limit - 1) * 100).toPrecision(3))} %`;

/** Labels that would stand on that of the limit are shortened or left out: the axis may be 180 pixels wide. */
function ticks(axis: Axis): HTMLElement {
  const { limit } = axis;
  const wide = axis.high > 2.2;
  const distance = (v: number) => (limit === undefined ? 100 : Math.abs(place(axis, v) - place(axis, limit)));
  const all = [1 / 8, 1 / 4, 1 / 2, 0.8, 1, 1.25, 2, 4, 8].filter((v) =>
    v >= axis.low && v <= axis.high && (!wide || (v !== 0.8 && v !== 1.25)) && distance(v) > 14);
  const tick = (spec: string, v: number, text: string) => {
    const element = at(spec, place(axis, v));
    element.textContent = text;
    return element;
  };
  const text = (v: number) => (v === 1 && distance(v) > 28 ? 'as before' : `${Number(v.toPrecision(3))}×`);
  return h('div.whiskers.ticks', { 'aria-hidden': 'true' },
    all.map((v) => tick('span.tick', v, text(v))),
    limit !== undefined && tick('span.tick.limit', limit, worse(limit)));
}

function interval({ low, high }: NowByBefore): string {
  if (low === undefined && high === undefined) return 'interval unknown';
  if (high === undefined) return `${format.ratio(low)} or more`;
  return low === undefined ? `up to ${format.ratio(high)}` : `${format.ratio(low)} to ${format.ratio(high)}`;
}

function figures(row: ComparisonRow): Child {
  const n = nowByBefore(row);
  if (row.bound !== undefined) return `now below ${format.byUnit(row.bound, row.unit)}`;
  return [
    h('strong', null, n.ratio === undefined ? '–' : `${format.ratio(n.ratio)}×`), ` ${interval(n)}`,
    n.detectable !== undefined && h('span.muted', null, ` · detects ${format.ratio(n.detectable)}×`),
  ];
}

function item(axis: Axis, row: ComparisonRow): HTMLElement {
  return h(`li.${row.change}`, { title: row.sentence },
    h('div.name', null,
      h('span.mark', null, MARKS[row.change], h('span.hidden', null, ` ${row.change} `)),
      h('strong', null, row.measure), ' ', row.endpoint || 'all requests',
      row.more_is_better && h('span.muted', null, ' (more is better)'),
      !row.gates && h('span.muted', null, ' (does not count)')),
    plot(axis, row),
    h('div.ratio', null, figures(row)),
    h('div.values.muted', null, `${format.byUnit(row.old, row.unit)} → ${format.byUnit(row.new, row.unit)}`));
}

function runs(c: Comparison): string {
  const list = (ids: number[]) => ids.filter((id) => id > 0).join(', ');
  const one = (title: string, ids: number[]) => (ids.length === 0 ? '' : `${title}: ${ids.length}${list(ids) ? ` (${list(ids)})` : ''}`);
  const wanted = c.runs_wanted ? `${c.runs_wanted} more ${c.runs_wanted === 1 ? 'run' : 'runs'} would probably decide${c.sessions_wanted ? `, ${c.sessions_wanted} of them hours apart` : ''}` : '';
  return [one('runs before', c.old_runs), one('runs now', c.new_runs), wanted].filter(Boolean).join(' · ');
}

export function comparison(result: Result): HTMLElement | null {
  const c = result.comparison;
  if (!c) return null;
  const axis = axisOf(c.rows, c.limit);
  const first = c.rows.filter((r, i) => r.change !== 'ok' || i < FIRST);
  const rest = c.rows.filter((r) => !first.includes(r));
  const list = (rows: ComparisonRow[]) => h('ul.comparison', null, rows.map((r) => item(axis, r)));
  return section('comparison', 'Comparison with earlier runs',
    h(`p.answer.${c.answer.replace(' ', '-')}`, null, c.headline),
    h('p.muted', null, runs(c)),
    c.rows.length > 0 && h('div.axis', { 'aria-hidden': 'true' }, h('span.muted', null, '← less'), ticks(axis), h('span.muted', null, 'more →')),
    first.length > 0 && list(first),
    rest.length > 0 && h('details', null, h('summary', null, `${rest.length} more that are as they were`), list(rest)),
    c.rows.length > 0 && h('p.muted.legend', null,
      'Dot: now by before; dashed line: as before; right of it is more, which is worse',
      c.rows.some((r) => r.more_is_better) && ' but for what says “more is better”',
      '. Line: its 95 % interval. Violet tick: the smallest worsening that these runs had a chance of 80 % to show.',
      axis.limit !== undefined && ` Red line: worse by ${Number(((axis.limit - 1) * 100).toPrecision(3))} %, where the alert begins.`),
    omitted(c.rows.length, c.rows_total, 'figures'),
    c.notes.length > 0 && h('ul.notes', null, c.notes.map((n) => h('li', null, n))));
}
