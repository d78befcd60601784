import { duration, size } from '../format.js';
import { Badge } from '../parts/badge.js';
import { ErrorNote } from '../parts/error-note.js';
import { Facts } from '../parts/facts.js';
import { FileVideo } from '../parts/file-video.js';
import { Heading } from '../parts/heading.js';
import { NotSetUp } from '../parts/not-set-up.js';
import { type Column, Table } from '../parts/table.js';
import { Time } from '../parts/time.js';
import { usePoll } from '../poll.js';
import { useState } from '../preact.js';
import { fileName, type Recording, recordingUrl } from '../recordings.js';
import { hrefOf } from '../route.js';
import type { ViewProps } from './view.js';

/** How often recordings are asked for, in ms. */
const EVERY_MS = 5000;
/** How many are listed at a time. */
const LIMIT = 100;

interface Listed {
  readonly recordings: readonly Recording[];
  readonly cursor?: string;
  /** There are more files than are looked at. */
  readonly isPartial?: true;
}

const COLUMNS: readonly Column<Recording>[] = [
  {
    title: 'Recording',
    isName: true,
    show: ({ path, app, name, isOpen }) =>
      isOpen ? `${app}/${name}` : <a href={hrefOf('recordings', path)}>{`${app}/${name}`}</a>,
  },
  { title: 'Began', show: ({ startedAt }) => <Time iso={startedAt} /> },
  { title: 'Length', isNumber: true, show: ({ durationMs }) => (durationMs === undefined ? '' : duration(durationMs)) },
  { title: 'Size', isNumber: true, show: ({ bytes }) => size(bytes) },
  { title: 'State', show: ({ isOpen }) => (isOpen ? <Badge tone="good">recording</Badge> : 'complete') },
  { title: '', show: (recording) => (recording.isOpen ? '' : <Download recording={recording} />) },
];

/** What was recorded, or one recording that is played. */
export function Recordings({ rest: [path] }: ViewProps) {
  return path === undefined ? <RecordingList /> : <Playback path={path} />;
}

function RecordingList() {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
  const { value, error } = usePoll<Listed>(`/v1/recordings?limit=${LIMIT}${query}`, EVERY_MS);
  const isEmpty = value?.recordings.length === 0 && cursors.length === 0;
  return (
    <>
      <Heading title="Recordings" />
      {error === undefined ? null : <ErrorNote error={error} what="The recordings cannot be shown" />}
      {isEmpty ? (
        <NotSetUp
          title="Nothing was recorded yet"
          setting="recording.match"
          example="SLUICE_RECORDING_MATCH='live/*'"
          docs="docs/recording.md"
        >
          Streams whose name matches are recorded as FLV, from their start to their end. Recordings of jobs are in the
          folders of their templates, and not listed here.
        </NotSetUp>
      ) : null}
      {value === undefined || isEmpty ? null : (
        <section class="panel">
          <Table
            caption="Recordings"
            isCaptionHidden
            columns={COLUMNS}
            rows={value.recordings}
            keyOf={({ path }) => path}
          />
        </section>
      )}
      {value?.isPartial === true ? (
        <p class="note warn">There are more files below media.root than are looked at: this list lacks some.</p>
      ) : null}
      <Pages
        hasBefore={cursors.length > 0}
        next={value?.cursor}
        onBefore={() => setCursors(cursors.slice(0, -1))}
        onNext={(next) => setCursors([...cursors, next])}
      />
    </>
  );
}

function Pages(props: {
  hasBefore: boolean;
  next: string | undefined;
  onBefore: () => void;
  onNext: (cursor: string) => void;
}) {
  const { hasBefore, next, onBefore, onNext } = props;
  if (!hasBefore && next === undefined) return null;
  return (
    <p class="buttons">
      <button type="button" disabled={!hasBefore} onClick={onBefore}>
        Back
      </button>
      <button type="button" disabled={next === undefined} onClick={() => onNext(next!)}>
        More
      </button>
    </p>
  );
}

function Download({ recording: { path, app, name } }: { recording: Pick<Recording, 'path' | 'app' | 'name'> }) {
  return (
    <a href={recordingUrl(path)} download={fileName(path)}>
      Download<span class="unseen"> {`${app}/${name}`}</span>
    </a>
  );
}

function Playback({ path }: { path: string }) {
  return (
    <>
      <a class="back" href={hrefOf('recordings')}>
        All recordings
      </a>
      <Heading title={fileName(path)} />
      <section class="panel">
        <FileVideo url={recordingUrl(path)} label={`Recording ${path}`} />
        <Facts
          items={[
            ['File', <code key="file">{path}</code>],
            [
              'Download',
              <a key="download" href={recordingUrl(path)} download={fileName(path)}>
                {fileName(path)}
              </a>,
            ],
          ]}
        />
      </section>
    </>
  );
}
