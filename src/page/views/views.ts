import type { Route } from '../route.js';
import { Jobs } from './jobs.js';
import { Nodes } from './nodes.js';
import { Overview } from './overview.js';
import { Recordings } from './recordings.js';
import { Stream } from './stream.js';
import type { View } from './view.js';
import { Webhooks } from './webhooks.js';

/** All views, in the order of the navigation. */
export const VIEWS: readonly View[] = [
  { path: '', title: 'Streams', View: Overview },
  { path: 'streams', title: '', View: Stream },
  { path: 'jobs', title: 'Jobs', View: Jobs },
  { path: 'nodes', title: 'Nodes', View: Nodes },
  { path: 'recordings', title: 'Recordings', View: Recordings },
  { path: 'webhooks', title: 'Webhooks', View: Webhooks },
];

/** The view of an address: the overview where there is none. */
export function viewOf([path = '']: Route): View {
  return VIEWS.find((view) => view.path === path) ?? VIEWS[0]!;
}
