export { scanAmf0 } from './amf0';
export { init, resize, trap, wipe } from './lifecycle';
export { read } from './reader';
