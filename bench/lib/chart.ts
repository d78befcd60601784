/** One server's row of the chart. */
export interface ChartRow {
  readonly server: string;
  /** CPU-seconds of the server per GB delivered: median and spread. */
  readonly cpuPerGB: number;
  readonly cpuLow: number;
  readonly cpuHigh: number;
  /**
   * Publisher's byte to player's byte, ms; undefined when it was not measured (the bare loops make their own bytes).
   */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** Drawn in the accent colour. */
  readonly ours: boolean;
}

const WIDTH = 860;
const ROW = 34;
const TOP = 64;
const LABEL = 150;
const PANEL = 300;
const GAP = 50;
const INK = '#1f2933';
const QUIET = '#7b8794';
const OURS = '#0f766e';
const OTHERS = '#9aa5b1';
const RANGE = '#52606d';

/**
 * Draws servers side by side: CPU per GB on the left, delay on the right. Axes start at zero, bars are medians,
 * whiskers the least and greatest round (CPU) or p50 and p99 (delay). Self-contained SVG that reads on light and dark
 * pages.
 * @param title what was run; @param rows in the order drawn; @param footnote machine, date, commit.
 */
export function drawChart(title: string, rows: readonly ChartRow[], footnote: string): string {
  const height = TOP + rows.length * ROW + 54;
  const cpuScale = scaleFor(rows.map((r) => r.cpuHigh));
  const delayScale = scaleFor(rows.map((r) => r.p99Ms ?? 0));
  const right = LABEL + PANEL + GAP;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" role="img" aria-label="${escapeXml(title)}">`,
    `<rect width="${WIDTH}" height="${height}" rx="8" fill="#ffffff"/>`,
    text(20, 26, title, INK, 15, 'start', 600),
    text(LABEL, 50, 'CPU-seconds per GB delivered (less is better)', QUIET, 12),
    text(right, 50, 'delay in ms: bar p50, line to p99', QUIET, 12),
  ];
  rows.forEach((row, i) => {
    const y = TOP + i * ROW;
    const colour = row.ours ? OURS : OTHERS;
    parts.push(text(LABEL - 10, y + 18, row.server, INK, 13, 'end', row.ours ? 600 : 400));
    parts.push(...bar(LABEL, y, cpuScale, row.cpuPerGB, row.cpuLow, row.cpuHigh, colour, row.cpuPerGB.toFixed(2)));
    if (row.p50Ms === undefined || row.p99Ms === undefined) {
      parts.push(text(right, y + 18, 'not applicable', QUIET, 12));
    } else {
      const label = `${row.p50Ms.toFixed(0)} / ${row.p99Ms.toFixed(0)}`;
      parts.push(...bar(right, y, delayScale, row.p50Ms, row.p50Ms, row.p99Ms, colour, label));
    }
  });
  parts.push(text(20, height - 16, footnote, QUIET, 11), '</svg>');
  return `${parts.join('\n')}\n`;
}

function bar(
  x: number,
  y: number,
  perPixel: number,
  value: number,
  low: number,
  high: number,
  colour: string,
  label: string,
): string[] {
  const width = Math.max(1, value / perPixel);
  const from = x + low / perPixel;
  const to = x + high / perPixel;
  return [
    `<rect x="${x}" y="${y + 4}" width="${width.toFixed(1)}" height="${ROW - 14}" rx="2" fill="${colour}"/>`,
    `<line x1="${from.toFixed(1)}" y1="${y + 14}" x2="${to.toFixed(1)}" y2="${y + 14}" stroke="${RANGE}" stroke-width="1.5"/>`,
    text(Math.max(x + width, to) + 6, y + 18, label, INK, 12),
  ];
}

/** Units per pixel so that the greatest value leaves room for its label. */
function scaleFor(values: readonly number[]): number {
  return Math.max(1e-9, ...values) / (PANEL - 60);
}

function text(x: number, y: number, value: string, fill: string, size: number, anchor = 'start', weight = 400): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" fill="${fill}" text-anchor="${anchor}" font-weight="${weight}">${escapeXml(value)}</text>`;
}

function escapeXml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
