/** The RTMP status codes with which a connect may be refused. */
export type ConnectRefusal =
  | 'NetConnection.Connect.Rejected'
  | 'NetConnection.Connect.InvalidApp'
  | 'NetConnection.Connect.Failed'
  | 'NetConnection.Connect.AppShutdown';

/** The RTMP status codes with which a publish may be refused. */
export type PublishRefusal =
  | 'NetStream.Publish.BadName'
  | 'NetStream.Publish.Denied'
  | 'NetStream.Publish.Rejected'
  | 'NetStream.Publish.Unauthorized'
  | 'NetStream.Record.NoAccess'
  | 'NetConnection.Connect.AppShutdown';

/** The RTMP status codes with which a publish that runs may be ended. */
export type PublishEndStatus =
  | 'NetStream.Publish.Rejected'
  | 'NetStream.Publish.BadName'
  | 'NetConnection.Connect.AppShutdown';

/**
 * The RTMP status codes with which a play that runs may be ended. `NetStream.Play.Stop` follows after the first one
 * too.
 */
export type PlayEndStatus = 'NetStream.Play.Failed' | 'NetStream.Play.Stop';

/** The RTMP status codes with which a play may be refused. */
export type PlayRefusal = 'NetStream.Play.StreamNotFound' | 'NetStream.Play.Failed' | 'NetStream.Failed';
