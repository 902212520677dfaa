// The report's page: reads the result that stands in the page and draws it.
import { course, drawAll } from './charts';
import { comparison } from './comparison';
import { readResult, type Result } from './data';
import { h } from './dom';
import { capacity, recovery, search, target } from './estimates';
import * as sections from './sections';

/** Links to the parts that this run has. */
function contents(parts: HTMLElement[]): HTMLElement {
  const links = parts.filter((part) => part.id !== '').map((part) =>
    h('li', null, h('a', { href: `#${part.id}` }, part.querySelector('h2')?.textContent)));
  return h('nav', { 'aria-label': 'Parts of this report' }, h('ul.contents', null, links));
}

function draw(page: HTMLElement, result: Result): void {
  const chart = course(result);
  const parts = [
    sections.header(result),
    sections.verdict(result),
    sections.tiles(result),
    sections.criteria(result),
    sections.actions(result),
    comparison(result),
    chart && sections.section('charts', 'Over time', chart),
    capacity(result),
    search(result),
    recovery(result),
    target(result),
    sections.endpoints(result),
    sections.errors(result),
    sections.checks(result),
    sections.thresholds(result),
    sections.generator(result),
    sections.preparation(result),
    sections.configuration(result),
    sections.metrics(result),
  ];
  const shown = parts.filter((part) => part !== null);
  page.replaceChildren(...shown);
  shown[0]?.append(contents(shown));
  document.title = [result.run.test || result.run.script, result.verdict?.level, 'brunt report'].filter(Boolean).join(' · ');
  drawAll();
  addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll('details')) details.open = true;
  });
}

const page = document.getElementById('page');
if (page) {
  try {
    draw(page, readResult(document.getElementById('result')?.textContent ?? ''));
  } catch (error) {
    page.replaceChildren(h('p.failure', { role: 'alert' }, `This report cannot be shown: ${String(error)}`));
  }
}
