/**
 * Why a message was dropped, with the sentence for the log. Each cause is counted, and logged once for each connection.
 */
export const DROP_CAUSES = {
  media_without_publish: 'audio or video came on a message stream that nothing is published on',
  data_without_publish: 'a data message came on a message stream that nothing is published on',
  data_without_name: 'a data message does not begin with a name',
  metadata_without_content: 'onMetaData came without an object, or with an empty one',
  audience_unreadable: 'another node of the cluster told of an audience that cannot be read, or that no node has',
  node_unfit: 'another node of the cluster did what it may not: it plays its stream, and tells of its players',
  command_without_name: 'a command came whose name cannot be read',
  command_unreadable: 'a command came whose arguments cannot be read',
  command_unknown: 'a command came that there is not, and it wants no answer',
  object_unreadable: 'a message about a shared object came that cannot be read',
  object_unused: 'a message came about a shared object that its sender does not use',
  message_type: 'a message came of a type that is not served: an aggregate, or one that is unknown',
} as const;

export type DropCause = keyof typeof DROP_CAUSES;
