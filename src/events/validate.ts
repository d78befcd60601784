import { Ajv, type ValidateFunction } from 'ajv';
import addFormatsModule from 'ajv-formats';
import type { EventType, SluiceEvent } from './event-types.js';
import { EVENT_TYPES, eventSchema } from './schemas/index.js';

// The package is CommonJS with a `default` member; under NodeNext the callable is that member's type.
const addFormats = addFormatsModule as unknown as (ajv: Ajv) => void;

const compiled = new Map<EventType, ValidateFunction>();
let ajv: Ajv | undefined;

function validatorOf(type: EventType): ValidateFunction {
  let validator = compiled.get(type);
  if (validator === undefined) {
    if (ajv === undefined) {
      ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false });
      addFormats(ajv);
    }
    validator = ajv.compile(eventSchema(type));
    compiled.set(type, validator);
  }
  return validator;
}

/**
 * Checks an event against the JSON Schema of its type.
 *
 * @returns what is wrong, one sentence per finding; empty when the event is valid. An unknown type is a finding.
 */
export function validateEvent(event: unknown): string[] {
  const type = (event as SluiceEvent | null)?.type;
  if (typeof type !== 'string' || !EVENT_TYPES.includes(type))
    return [`type: ${String(type)} is not a known event type`];
  const validator = validatorOf(type);
  if (validator(event)) return [];
  return (validator.errors ?? []).map(
    (e) => `${e.instancePath === '' ? '/' : e.instancePath}: ${e.message ?? e.keyword}`,
  );
}
