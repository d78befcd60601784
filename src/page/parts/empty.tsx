import type { ComponentChildren } from '../preact.js';

/** What stands where there is nothing to show: what would be here, and how it comes. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="title">{title}</p>
      {children}
    </div>
  );
}
