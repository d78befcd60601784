const DEFAULT_INSTANCE = '/_definst_';

/** An app, or an app and stream name, with the part after `?` cut off. */
export interface SplitName {
  readonly path: string;
  /** Without the `?`; `''` when there was none. Secret: it holds stream keys and tokens. */
  readonly query: string;
}

/** Cuts a name at its first `?`. */
export function splitQuery(text: string): SplitName {
  const at = text.indexOf('?');
  return at < 0 ? { path: text, query: '' } : { path: text.slice(0, at), query: text.slice(at + 1) };
}

/** Some encoders keep the quotes of their own configuration around a value. */
function unquote(text: string): string {
  return /^(["']).*\1$/s.test(text) ? text.slice(1, -1) : text;
}

function segments(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

/**
 * Normalises the `app` of connect: quotes off, query split off, `/_definst_` and outer and doubled slashes gone.
 *
 * @param app as the client sent it
 */
export function normaliseApp(app: string): SplitName {
  const { path, query } = splitQuery(unquote(app.trim()));
  let plain = segments(path).join('/');
  while (`/${plain}`.endsWith(DEFAULT_INSTANCE)) plain = plain.slice(0, -DEFAULT_INSTANCE.length);
  return { path: plain, query };
}

/** The app part of a `tcUrl`, for clients that leave `app` out; `''` when there is none. */
export function appOfTcUrl(tcUrl: string): string {
  const match = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*\/?(.*)$/s.exec(tcUrl);
  return match === null ? '' : match[1]!;
}

/** The app and name of a stream. */
interface StreamName {
  readonly app: string;
  readonly name: string;
  /** Merged queries of app and name. Secret. */
  readonly query: string;
}

/** A name to play, and the container that its prefix says. */
interface PlayName extends StreamName {
  readonly container?: 'mp4' | 'flv';
}

/**
 * Container prefixes that ffmpeg and librtmp put before a name by its ending (`mp4:clip.mp4`). Live names have none.
 */
const CONTAINER_PREFIX = /^(mp4|flv|mp3|id3):/i;

/**
 * Maps app and stream name to one place, however the client split its URL. This alone decides what is published and
 * what is played. ffmpeg turns `/a/b/c` into app `a/b` and name `c`; OBS puts the whole path into the app;
 * `rtmp://host/cam` is app `cam` without a name for ffmpeg and librtmp, and name `cam` without an app for GStreamer and
 * cameras. The last segment of app and name together is the name, the segments before it are the app; a single segment
 * is a name without an app.
 *
 * @param app normalised app
 * @param appQuery secret part of the app
 * @param name as the client sent it, query included
 * @returns an empty name only when app and name are both empty
 */
export function resolveStreamName(app: string, appQuery: string, name: string): StreamName {
  const own = splitQuery(name.replace(CONTAINER_PREFIX, ''));
  const query = [appQuery, own.query].filter((part) => part !== '').join('&');
  const path = [...segments(app), ...segments(own.path)];
  return { app: path.slice(0, -1).join('/'), name: path.at(-1) ?? '', query };
}

/** Does the same as {@link resolveStreamName}, for a play, which may be of a file. */
export function resolvePlayName(app: string, appQuery: string, name: string): PlayName {
  const prefix = CONTAINER_PREFIX.exec(name)?.[1]?.toLowerCase();
  const container = prefix === 'mp4' || prefix === 'flv' ? ({ container: prefix } as const) : {};
  return { ...resolveStreamName(app, appQuery, name), ...container };
}
