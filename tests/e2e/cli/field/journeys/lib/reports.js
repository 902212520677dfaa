// What the team's other tools read: a page, a table of tests for CI, and lines for the log.
const escape = (text) => String(text).replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`);

function* allChecks(group, path = []) {
  for (const c of group.checks) yield { ...c, path: [...path, c.name].join(' > ') };
  for (const g of group.groups) yield* allChecks(g, [...path, g.name]);
}

function* allThresholds(metrics) {
  for (const [name, metric] of Object.entries(metrics)) {
    for (const [text, { ok }] of Object.entries(metric.thresholds || {})) yield { name: `${name}: ${text}`, ok };
  }
}

export function text(data) {
  const lines = [];
  for (const c of allChecks(data.root_group)) lines.push(`${c.fails ? '✗' : '✓'} ${c.path} (${c.passes}/${c.passes + c.fails})`);
  for (const t of allThresholds(data.metrics)) lines.push(`${t.ok ? 'PASS' : 'FAIL'} ${t.name}`);
  return lines.sort().join('\n') + '\n';
}

export function junit(data, suite = 'k6') {
  const cases = [...allThresholds(data.metrics)];
  const failed = cases.filter((c) => !c.ok);
  const body = cases.map((c) => `  <testcase name="${escape(c.name)}">${c.ok ? '' : '<failure message="failed"/>'}</testcase>`);
  return `<?xml version="1.0"?>\n<testsuites tests="${cases.length}" failures="${failed.length}">\n <testsuite name="${escape(suite)}">\n${body.join('\n')}\n </testsuite>\n</testsuites>\n`;
}

export function html(data, { title = new Date().toISOString() } = {}) {
  const template = '<!doctype html><title><%= title %></title><table><% for (const name of names) { %><tr><td><%= name %></td><td><%= metrics[name].type %></td><td><%= JSON.stringify(metrics[name].values) %></td></tr><% } %></table>';
  // As small template engines do it: a function made of the template's text, with the data in scope.
  let source = "var out = '';with (data) { out += '";
  source += template.replace(/<%=([^]+?)%>|<%([^]+?)%>/g, (_, value, code) => (value ? `' + escape(${value}) + '` : `'; ${code} out += '`));
  return new Function('data', 'escape', `${source}' } return out;`)({ title, names: Object.keys(data.metrics).sort(), metrics: data.metrics }, escape);
}
