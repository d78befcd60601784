import { SharedObject } from 'sluice/client';

const player = process.argv[2] ?? `player${process.pid}`;
const game = await SharedObject.use('rtmp://127.0.0.1:1935/live', 'game');
game.on('change', (who, position) => console.log(who, JSON.stringify(position) ?? 'has left'));

let angle = 0;
const timer = setInterval(() => {
  angle += 0.1;
  game.set(player, { x: Math.cos(angle), y: Math.sin(angle) });
}, 50);

process.once('SIGINT', () => {
  clearInterval(timer);
  game.remove(player);
  void game.close();
});
