import { timeOfDay } from '../format.js';
import { type Columns, spread, summary } from '../history.js';
import type { Plot, PlotData } from '../plot.js';
import { useEffect, useRef, useState } from '../preact.js';

/** One line of a chart. */
interface Line {
  readonly name: string;
  /** Which series of the columns it is. */
  readonly series: number;
}

interface ChartProps {
  readonly title: string;
  readonly columns: Columns;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
}

/** Rows of the table beside a chart. */
const ROWS = 12;

/** Lines over time, with their figures in words, and as a table for those who want numbers. */
export function Chart({ title, columns, lines, format }: ChartProps) {
  const [index, setIndex] = useState<number | null>(null);
  const at = index ?? columns.times.length - 1;
  const time = index === null ? undefined : columns.times[index];
  const valueAt = (series: number, row: number): string => {
    const value = columns.series[series]?.[row];
    return value === null || value === undefined ? '–' : format(value);
  };
  const words = lines.map(({ name, series }) => `${name} ${summary(columns.series[series] ?? [], format)}`).join('; ');
  return (
    <figure class="chart" aria-label={title}>
      <figcaption>
        <h3>{title}</h3>
        <span class="figures">
          {lines.map(({ name, series }, order) => (
            <span key={name} class={`series-${order + 1}`}>
              {lines.length > 1 ? `${name} ` : ''}
              <b>{valueAt(series, at)}</b>
            </span>
          ))}
          {time === undefined ? null : <span class="quiet">at {timeOfDay(new Date(time).toISOString())}</span>}
        </span>
      </figcaption>
      <Drawing columns={columns} lines={lines} format={format} words={words} onIndex={setIndex} />
      <details>
        <summary>Figures of {title.toLowerCase()}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">Time</th>
              {lines.map(({ name }) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {spread(columns.times.length, ROWS).map((row) => (
              <tr key={columns.times[row]}>
                <th scope="row">{timeOfDay(new Date(columns.times[row]!).toISOString())}</th>
                {lines.map(({ name, series }) => (
                  <td key={name} class="number">
                    {valueAt(series, row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

interface DrawingProps extends Omit<ChartProps, 'title'> {
  readonly words: string;
  readonly onIndex: (index: number | null) => void;
}

/** The drawing itself. It is made once, told new values, and made again when the colours change. */
function Drawing({ columns, lines, format, words, onIndex }: DrawingProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot>();
  const data = (): PlotData => [
    columns.times.map((time) => time / 1000),
    ...lines.map(({ series }) => [...(columns.series[series] ?? [])]),
  ];
  const newest = useRef(data);
  newest.current = data;
  useEffect(() => {
    const element = box.current!;
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    let isGone = false;
    const make = async (): Promise<void> => {
      const { makePlot } = await import('../plot.js');
      if (isGone) return;
      plot.current?.destroy();
      plot.current = makePlot(element, lines.length, newest.current(), format, onIndex);
    };
    const again = (): void => void make();
    const resized = new ResizeObserver(() => plot.current?.fit());
    scheme.addEventListener('change', again);
    resized.observe(element);
    again();
    return () => {
      isGone = true;
      scheme.removeEventListener('change', again);
      resized.disconnect();
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(newest.current()), [columns.times.at(-1)]);
  return <div class="drawing" ref={box} role="img" aria-label={words} />;
}
