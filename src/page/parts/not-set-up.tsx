import type { ComponentChildren } from '../preact.js';
import { Empty } from './empty.js';

/**
 * What stands where a part of the server is not set up: what it would do, which setting begins it, and where more is
 * said.
 *
 * @param setting key of the settings, such as `nats.url`
 * @param example what sets it: of the environment, or of the file of settings
 * @param docs page of the documentation, such as `docs/jobs.md`
 */
export function NotSetUp(props: {
  title: string;
  setting: string;
  example: string;
  docs: string;
  children: ComponentChildren;
}) {
  const { title, setting, example, docs, children } = props;
  return (
    <Empty title={title}>
      <p>{children}</p>
      <p>
        Set <code>{setting}</code>, for instance <code>{example}</code>. See <code>{docs}</code>.
      </p>
    </Empty>
  );
}
