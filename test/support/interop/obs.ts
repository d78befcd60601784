import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, run } from '../child.js';
import { freePort } from '../ports.js';
import { tempDir } from '../temp.js';
import { listens } from './listens.js';
import { TextSocket } from './web-socket.js';

interface Answer {
  readonly op: number;
  readonly d: {
    readonly authentication?: { readonly challenge: string; readonly salt: string };
    readonly requestStatus?: { readonly result: boolean; readonly comment?: string };
  };
}

const HELLO = 0;
const IDENTIFY = 1;
const IDENTIFIED = 2;
const REQUEST = 6;
const RESPONSE = 7;

/** OBS Studio on a screen of its own that nobody sees, driven by obs-websocket (protocol version 5). */
export class Obs {
  readonly child: Child;
  readonly #screen: Child;
  /** `:99`. */
  readonly #display: string;
  readonly #control: TextSocket;

  private constructor(child: Child, screen: Child, display: string, control: TextSocket) {
    this.child = child;
    this.#screen = screen;
    this.#display = display;
    this.#control = control;
  }

  /**
   * Starts it with a coloured picture and silence, set up for the server (`rtmp://…/app`) and key; it does not stream
   * yet.
   */
  static async start(server: string, key: string): Promise<Obs> {
    const screen = new Child(['Xvfb', '-displayfd', '1', '-screen', '0', '800x600x24', '-nolisten', 'tcp']);
    const [, display] = await screen.waitForOutput(/^(\d+)\n/m, 30_000);
    const port = await freePort();
    const password = randomBytes(12).toString('hex');
    const home = settings(server, key, port, password);
    const child = new Child(['obs', '--profile', 'P', '--collection', 'S', '--multi'], {
      env: {
        HOME: home,
        XDG_CONFIG_HOME: join(home, '.config'),
        XDG_RUNTIME_DIR: join(home, 'run'),
        DISPLAY: `:${display}`,
        LIBGL_ALWAYS_SOFTWARE: '1',
      },
    });
    await listens(port, child);
    return new Obs(child, screen, `:${display}`, await identified(port, password));
  }

  startStream(): Promise<void> {
    return this.#call('StartStream');
  }

  /** Ends the stream in good order, as its button does. */
  stopStream(): Promise<void> {
    return this.#call('StopStream');
  }

  /** Writes what its screen shows now into a PNG file. */
  async picture(file: string): Promise<void> {
    const grab = ['-f', 'x11grab', '-video_size', '800x600', '-i', this.#display, '-frames:v', '1'];
    await run(['ffmpeg', '-loglevel', 'error', '-nostdin', '-y', ...grab, file]);
  }

  /** Ends the program; it asks no questions of SIGKILL. */
  async close(): Promise<void> {
    this.#control.close();
    await this.child.stop('SIGKILL');
    await this.#screen.stop();
  }

  async #call(requestType: string): Promise<void> {
    this.#control.send(JSON.stringify({ op: REQUEST, d: { requestType, requestId: requestType } }));
    const { requestStatus } = (await answer(this.#control, RESPONSE)).d;
    if (requestStatus?.result !== true) throw new Error(`OBS refuses ${requestType}: ${requestStatus?.comment ?? ''}`);
  }
}

async function answer(socket: TextSocket, op: number): Promise<Answer> {
  for (;;) {
    const message = JSON.parse(await socket.next()) as Answer;
    if (message.op === op) return message;
  }
}

async function identified(port: number, password: string): Promise<TextSocket> {
  const socket = await TextSocket.open(port);
  const { authentication } = (await answer(socket, HELLO)).d;
  const hash = (text: string): string => createHash('sha256').update(text).digest('base64');
  const proof =
    authentication === undefined
      ? {}
      : { authentication: hash(hash(password + authentication.salt) + authentication.challenge) };
  // No events: only answers come.
  socket.send(JSON.stringify({ op: IDENTIFY, d: { rpcVersion: 1, eventSubscriptions: 0, ...proof } }));
  await answer(socket, IDENTIFIED);
  return socket;
}

/** A home folder with which OBS 29 and later start without a question. @returns its path */
function settings(server: string, key: string, port: number, password: string): string {
  const home = tempDir('obs');
  const base = join(home, '.config/obs-studio');
  const write = (path: string, text: string): void => {
    mkdirSync(join(base, path, '..'), { recursive: true });
    writeFileSync(join(base, path), text);
  };
  mkdirSync(join(home, 'run'), { mode: 0o700 });
  const start = `[General]
Pre19Defaults=false
Pre21Defaults=false
Pre23Defaults=false
Pre24.1Defaults=false
FirstRun=true
EnableAutoUpdates=false
[Basic]
Profile=P
ProfileDir=P
SceneCollection=S
SceneCollectionFile=S
[OBSWebSocket]
FirstLoad=false
ServerEnabled=true
ServerPort=${port}
AlertsEnabled=false
AuthRequired=true
ServerPassword=${password}
`;
  write('global.ini', start);
  // OBS 31 splits the file; OBS 30 reads the settings of its remote control from a file of their own.
  write('user.ini', start);
  write(
    'plugin_config/obs-websocket/config.json',
    JSON.stringify({
      alerts_enabled: false,
      auth_required: true,
      first_load: false,
      server_enabled: true,
      server_port: port,
      server_password: password,
    }),
  );
  write(
    'basic/profiles/P/basic.ini',
    '[General]\nName=P\n[Output]\nMode=Simple\nReconnect=false\n[SimpleOutput]\nStreamEncoder=x264\nVBitrate=800\n' +
      '[Video]\nBaseCX=640\nBaseCY=360\nOutputCX=640\nOutputCY=360\nFPSCommon=30\n[Audio]\nSampleRate=48000\n',
  );
  write(
    'basic/profiles/P/service.json',
    JSON.stringify({ settings: { key, server, use_auth: false }, type: 'rtmp_custom' }),
  );
  write('basic/scenes/S.json', JSON.stringify(scene()));
  return home;
}

function scene(): unknown {
  const place = { pos: { x: 0, y: 0 }, scale: { x: 1, y: 1 }, align: 5 };
  return {
    current_program_scene: 'Scene',
    current_scene: 'Scene',
    name: 'S',
    scene_order: [{ name: 'Scene' }],
    sources: [
      {
        id: 'color_source_v3',
        versioned_id: 'color_source_v3',
        name: 'Colour',
        settings: { color: 4281545523, width: 640, height: 360 },
        enabled: true,
      },
      {
        id: 'scene',
        versioned_id: 'scene',
        name: 'Scene',
        settings: { id_counter: 1, items: [{ id: 1, name: 'Colour', visible: true, ...place }] },
        enabled: true,
      },
    ],
  };
}
