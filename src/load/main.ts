import { runLoadCommand } from './command.js';

process.exitCode = await runLoadCommand(process.argv.slice(2));
