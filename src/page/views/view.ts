import type { VNode } from '../preact.js';
import type { Session } from '../session.js';

/** What each view is given. */
export interface ViewProps {
  readonly session: Session;
  /** The parts of the address behind the name of the view. */
  readonly rest: readonly string[];
}

/** One view of the page. */
export interface View {
  /** First part of its address; `''`: the overview. */
  readonly path: string;
  /** In the navigation; `''`: it is reached by links only. */
  readonly title: string;
  readonly View: (props: ViewProps) => VNode;
}
