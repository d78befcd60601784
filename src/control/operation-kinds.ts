import type { Level } from './operation.js';

/** Asked of one node. */
export const NODE_LEVEL: readonly Level[] = ['node'];

/** Who may ask, and whether it changes something. */
export const reading = { scope: 'read', mutates: false } as const;
export const controlling = { scope: 'control', mutates: true } as const;
export const administering = { scope: 'admin', mutates: true } as const;
