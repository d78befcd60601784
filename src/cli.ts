#!/usr/bin/env node
import { processIo } from './cli/io.js';
import { main } from './cli/main.js';

process.exit(await main(process.argv.slice(2), processIo()));
