import type { ComponentChildren } from '../preact.js';

/** One column of a {@link Table}. */
export interface Column<T> {
  /** In its header; `''`: what it holds speaks for itself, such as buttons. */
  readonly title: string;
  readonly show: (row: T) => ComponentChildren;
  /** Whether it is numbers, which stand one under the other. */
  readonly isNumber?: boolean;
  /** Whether it is the name of its row. */
  readonly isName?: boolean;
}

/**
 * A table. Where it is wider than the page, it can be moved to the side, by keys too.
 *
 * @param caption what it lists; also the name of the part that moves
 * @param isCaptionHidden where a heading above says the same
 * @param empty what stands there when there are no rows
 */
export function Table<T>(props: {
  caption: string;
  isCaptionHidden?: boolean;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  empty?: ComponentChildren;
}) {
  const { caption, isCaptionHidden, columns, rows, keyOf, empty } = props;
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard
    <section class="scroll" aria-label={caption} tabIndex={0}>
      <table>
        <caption class={isCaptionHidden === true ? 'unseen' : ''}>{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }) => (
              <th key={title} scope="col" class={isNumber === true ? 'number' : ''}>
                {title === '' ? <span class="unseen">Actions</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <Cell key={column.title} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cell<T>({ column: { isName, isNumber, show }, row }: { column: Column<T>; row: T }) {
  if (isName === true) return <th scope="row">{show(row)}</th>;
  return <td class={isNumber === true ? 'number' : ''}>{show(row)}</td>;
}
