export { scanAmf0 } from './amf0';
export { aim } from './direct';
export { init, resize, trap, wipe } from './lifecycle';
export { read } from './reader';
export { beginTimeline, endTimeline } from './timeline';
