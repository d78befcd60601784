import { join } from 'node:path';
import type { Config } from '../../config/table.js';
import { HttpControl } from '../../control/client/http-control.js';
import type { Logger } from '../../core/log.js';
import { FileTable } from '../../jobs/http/file-table.js';
import { HttpBackend } from '../../jobs/http/http-backend.js';
import { isJobRecord } from '../../jobs/record/record.js';
import { isStoredTemplate } from '../../jobs/runner/template-set.js';
import type { JobTemplate } from '../../jobs/template/template.js';
import { httpBase } from '../http-base.js';
import { tokenHeaders } from '../http-token.js';
import { applyTemplates } from './nats-backend.js';

/** What the backend of a runner is made with. */
interface Deps {
  readonly log: Logger;
  /** Folder of the runner. */
  readonly folder: string;
  readonly templates: readonly JobTemplate[];
}

/** Records in the folder of the runner, the streams of one server: without NATS. */
export async function httpBackend(
  config: Config,
  options: { readonly http?: string; readonly tokenFile?: string },
  { log, folder, templates }: Deps,
): Promise<HttpBackend> {
  const base = httpBase(options.http ?? config.http.listen);
  const headers = tokenHeaders(options.tokenFile, config);
  const control = new HttpControl(base, headers);
  const jobs = await FileTable.open(join(folder, 'records'), isJobRecord);
  const held = await FileTable.open(join(folder, 'templates'), isStoredTemplate);
  await applyTemplates(held, templates);
  return new HttpBackend({
    jobs,
    templates: held,
    base,
    headers,
    log,
    ask: (verb, input) => control.ask(verb, input as Parameters<HttpControl['ask']>[1]),
  });
}
