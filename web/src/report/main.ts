// The report's page: reads the result that stands in the page and draws it.
import { charts } from './charts';
import { readResult, type Result } from './data';
import { h } from './dom';
import * as sections from './sections';

function draw(page: HTMLElement, result: Result): void {
  const chart = charts(result);
  const parts = [
    sections.header(result),
    sections.verdict(result),
    sections.tiles(result),
    sections.criteria(result),
    sections.actions(result),
    chart && h('section', { id: 'charts', 'aria-label': 'Course of the run' }, h('h2', null, 'Over time'), chart.element),
    sections.endpoints(result),
    sections.errors(result),
    sections.checks(result),
    sections.thresholds(result),
    sections.generator(result),
    sections.configuration(result),
    sections.metrics(result),
  ];
  page.replaceChildren(...parts.filter((part) => part !== null));
  document.title = [result.run.test || result.run.script, result.verdict?.level, 'brunt report'].filter(Boolean).join(' · ');
  chart?.start();
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
