// Figures for people. A missing figure is a dash, never a zero.

const DASH = '–';

/** Three significant digits are enough to read and to compare. */
export function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : 2);
}

export function ms(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  if (value === 0) return '0 ms';
  if (Math.abs(value) < 0.1) return `${digits(value * 1000)} µs`;
  if (Math.abs(value) < 1000) return `${digits(value)} ms`;
  if (Math.abs(value) < 60_000) return `${digits(value / 1000)} s`;
  return span(value / 1000);
}

/** Seconds as "45 s", "5 min", "1 h 30 min". */
export function span(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 1 : 0))} s`;
  const total = Math.round(seconds);
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const rest = total % 60;
  const parts = [hours ? `${hours} h` : '', minutes ? `${minutes} min` : '', rest && !hours ? `${rest} s` : ''];
  return parts.filter(Boolean).join(' ');
}

/** Seconds since the start as "0:45", "1:02:03": for axes. */
export function clock(seconds: number): string {
  const total = Math.round(seconds);
  const pad = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  return hours ? `${hours}:${pad(minutes)}:${pad(total % 60)}` : `${minutes}:${pad(total % 60)}`;
}

/** The text of an axis: 50.0/s becomes 50/s, 2.50 s becomes 2.5 s. */
export function tick(text: string): string {
  return text.replace(/\.(\d*?)0+(?=\D|$)/, (_all, rest: string) => (rest ? `.${rest}` : ''));
}

export function count(value: number | null | undefined): string {
  if (value === null || value === undefined) return DASH;
  return value.toLocaleString('en-US', { maximumFractionDigits: 3 });
}

export function rate(value: number | null | undefined): string {
  if (value === null || value === undefined) return DASH;
  return `${value >= 1000 ? count(Math.round(value)) : digits(value)}/s`;
}

/** A share 0..1, cut to two decimals as in the summary. What is not zero is never 0 %, what is not all never 100 %. */
export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  if (value === 0 || value === 1) return `${value * 100} %`;
  if (value < 0.0001) return '< 0.01 %';
  if (value > 0.9999 && value < 1) return '> 99.99 %';
  return `${(Math.trunc(value * 1e4 + 1e-6) / 100).toFixed(2)} %`;
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return DASH;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 ? count(size) : digits(size)} ${units[unit]}`;
}

export function byContains(value: number | undefined, contains: string): string {
  if (value === undefined) return DASH;
  if (contains === 'time') return ms(value);
  return contains === 'data' ? bytes(value) : count(value);
}

/** The run's own time zone is in the text ("…+02:00"); only its T is hard to read. */
export function moment(rfc3339: string): string {
  return rfc3339.replace('T', ' ').replace(/Z$/, ' UTC').replace(/([+-]\d\d:\d\d)$/, ' UTC$1');
}

/** A value in one of the units of the result file. */
export function byUnit(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  switch (unit) {
    case 'ms': return ms(value);
    case 'share': return percent(value);
    case 'per_s': return rate(value);
    case 'mb_per_h': return `${digits(value)} MB/h`;
    case 'bytes': return bytes(value);
    case 'cores': return `${digits(value)} cores`;
    case 'number': case 'count': return count(Number(value.toPrecision(4)));
    default: return `${count(Number(value.toPrecision(4)))}${unit ? ` ${unit}` : ''}`;
  }
}

/** A ratio with as many decimals as it deserves: 1.43, 12.3. */
export function ratio(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
