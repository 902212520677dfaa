// Tables: the first column names, the others are figures. A heading sorts its column if it can.
import { h, type Child } from './dom';

export interface Column<Row> {
  title: string;
  cell: (row: Row) => Child;
  sort?: (row: Row) => number;
  text?: boolean; // left-aligned
}

export function table<Row>(columns: Column<Row>[], rows: Row[], label: string): HTMLElement {
  const body = h('tbody', null);
  const fill = (sorted: Row[]) => {
    body.replaceChildren(...sorted.map((row) =>
      h('tr', null, columns.map((c, i) => h(i === 0 ? 'th' : c.text ? 'td' : 'td.num',
        i === 0 ? { scope: 'row' } : null, c.cell(row))))));
  };
  fill(rows);
  const headings = columns.map((c) => heading(c));
  headings.forEach((th, i) => {
    const key = columns[i]?.sort;
    if (!key) return;
    th.querySelector('button')?.addEventListener('click', () => {
      const down = th.getAttribute('aria-sort') !== 'descending';
      for (const other of headings) other.removeAttribute('aria-sort');
      th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      fill([...rows].sort((a, b) => (down ? key(b) - key(a) : key(a) - key(b))));
    });
  });
  return h('div.scroll', { tabindex: 0, role: 'region', 'aria-label': label },
    h('table', null, h('thead', null, h('tr', null, headings)), body));
}

function heading<Row>(column: Column<Row>): HTMLElement {
  const spec = column.text ? 'th' : 'th.num';
  return h(spec, { scope: 'col' }, column.sort ? h('button', { type: 'button' }, column.title) : column.title);
}
