/** The RTMP status codes with which a connect may be refused. */
export type ConnectRefusal =
  | 'NetConnection.Connect.Rejected'
  | 'NetConnection.Connect.InvalidApp'
  | 'NetConnection.Connect.Failed';

/** The RTMP status codes with which a publish may be refused. */
export type PublishRefusal =
  | 'NetStream.Publish.BadName'
  | 'NetStream.Publish.Denied'
  | 'NetStream.Publish.Rejected'
  | 'NetStream.Publish.Unauthorized'
  | 'NetStream.Record.NoAccess';

/** The RTMP status codes with which a play may be refused. */
export type PlayRefusal = 'NetStream.Play.StreamNotFound' | 'NetStream.Play.Failed' | 'NetStream.Failed';
