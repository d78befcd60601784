export { scanAmf0 } from './amf0';
export { aim } from './frame-in-place';
export { init, resize, trap, wipe } from './lifecycle';
export { decrypt, encrypt, startCiphers } from './rc4';
export { read } from './reader';
export { beginTimeline, endTimeline } from './timeline';
