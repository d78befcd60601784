// The one file that imports the package.
export { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
