// The one file that imports the package, which only `import()` may name: most views have no charts.
import UPlot from 'uplot';
import { timeOfDay } from './format.js';

/** Height of a drawing, in px. */
const HEIGHT = 128;

/** Lines over time on a canvas. */
export interface Plot {
  /** Times in s since the epoch, rising, then the values of each line. */
  setData: (data: PlotData) => void;
  /** Fits it to the width of its element. */
  fit: () => void;
  destroy: () => void;
}

export type PlotData = [times: number[], ...lines: (number | null)[][]];

/**
 * Draws lines into an element, in the colours of the page as they are now.
 *
 * @param lines how many there are
 * @param format writes a value
 * @param onIndex told which moment is pointed at; null: none
 */
export function makePlot(
  element: HTMLElement,
  lines: number,
  data: PlotData,
  format: (value: number) => string,
  onIndex: (index: number | null) => void,
): Plot {
  const axis: UPlot.Axis = {
    stroke: colourOf(element, '--quiet'),
    grid: { stroke: colourOf(element, '--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  const times = (_: UPlot, splits: number[]) =>
    told(splits.map((split) => timeOfDay(new Date(split * 1000).toISOString())));
  const options: UPlot.Options = {
    ...{ width: element.clientWidth, height: HEIGHT, legend: { show: false }, padding: [8, 12, 0, 0] },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    hooks: { setCursor: [({ cursor }) => onIndex(cursor.idx ?? null)] },
    scales: { y: { range: (_, __, most) => [0, Math.max(most ?? 0, 1) * 1.1] } },
    axes: [
      { ...axis, grid: { show: false }, space: 90, size: 26, values: times },
      { ...axis, size: 84, space: 34, values: (_, splits) => told(splits.map(format)) },
    ],
    series: [{}, ...Array.from({ length: lines }, (_, index) => seriesOf(element, index, lines === 1))],
  };
  const plot = new UPlot(options, data, element);
  return {
    setData: (next) => plot.setData(next),
    fit: () => plot.setSize({ width: element.clientWidth, height: HEIGHT }),
    destroy: () => plot.destroy(),
  };
}

/** Of marks that would say the same, such as parts of one player or one second, the first alone is told. */
function told(marks: readonly string[]): string[] {
  return marks.map((mark, index) => (marks.indexOf(mark) === index ? mark : ''));
}

function seriesOf(element: HTMLElement, index: number, isAlone: boolean): UPlot.Series {
  const stroke = colourOf(element, `--series-${index + 1}`);
  const fill = stroke.replace('rgb(', 'rgba(').replace(')', ', 0.1)');
  return { stroke, width: 1.5, points: { show: false }, ...(isAlone ? { fill } : {}) };
}

/** What a variable of the style sheet is now: a canvas does not know variables. */
function colourOf(element: HTMLElement, name: string): string {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = '';
  return color;
}
