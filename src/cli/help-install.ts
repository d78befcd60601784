/** Texts of `--help` for the commands that help to install and set up a server. */
export const DOCTOR = 'look whether a server with these settings can start and work on this machine';

export const DOCTOR_EXAMPLES = `
Looks at Node, settings, ports, descriptors, memory, clock, data folder, disk, NATS, certificates, and what jobs run.
Nothing is changed, and no secret is printed. It takes the settings of a server, from the same places.
Exit code: 0 when nothing failed, 1 otherwise.

Examples:
  sluice doctor
  sluice doctor --config sluice.yaml
  sluice doctor --nats nats://127.0.0.1:4222 --json`;

export const COMPLETION = 'print a script that completes commands and flags in bash, zsh or fish';

export const COMPLETION_EXAMPLES = `
bash reads it from ~/.bashrc:  source <(sluice completion bash)
zsh from a folder of $fpath, as the file _sluice; fish from ~/.config/fish/completions/sluice.fish.

Examples:
  sluice completion bash
  sluice completion zsh
  sluice completion fish`;
