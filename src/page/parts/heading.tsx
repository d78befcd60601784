import { type ComponentChildren, useEffect } from '../preact.js';

/**
 * The heading of a view, which is also the title of the tab. It gets the focus when the address changes.
 *
 * @param children what stands beside it: states, links, buttons
 */
export function Heading({ title, children }: { title: string; children?: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · Sluice`;
  }, [title]);
  return (
    <div class="heading">
      <h1 tabIndex={-1}>{title}</h1>
      {children}
    </div>
  );
}
