import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.mina.core.buffer.IoBuffer;
import org.red5.client.net.rtmp.BaseRTMPClientHandler;
import org.red5.client.net.rtmp.RTMPClient;
import org.red5.client.net.rtmpe.RTMPEClient;
import org.red5.client.net.rtmps.RTMPSClient;
import org.red5.client.net.rtmpt.RTMPTClient;
import org.red5.client.net.rtmps.RTMPTSClient;
import org.red5.io.utils.ObjectMap;
import org.red5.server.api.IAttributeStore;
import org.red5.server.api.event.IEvent;
import org.red5.server.api.so.IClientSharedObject;
import org.red5.server.api.so.ISharedObjectBase;
import org.red5.server.api.so.ISharedObjectListener;
import org.red5.server.net.rtmp.Channel;
import org.red5.server.net.rtmp.RTMPConnection;
import org.red5.server.net.rtmp.event.AudioData;
import org.red5.server.net.rtmp.event.BaseEvent;
import org.red5.server.net.rtmp.event.IRTMPEvent;
import org.red5.server.net.rtmp.event.VideoData;
import org.red5.server.net.rtmp.message.Header;
import org.red5.server.so.ISharedObjectEvent;
import org.red5.server.so.SharedObjectMessage;
import org.red5.server.so.SharedObjectService;
import org.red5.server.stream.message.RTMPMessage;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/**
 * Drives clients of Red5 by lines of JSON on standard input and tells on standard output what they get, so that one JVM
 * serves a whole file of tests. A command is [client, verb, arguments…]; a report is {"client", "event", …}.
 */
public class Red5Driver {
  private static final Map<String, Red5Driver> CLIENTS = new ConcurrentHashMap<>();

  private final String name;
  private final BaseRTMPClientHandler handler;
  private final Map<String, IClientSharedObject> objects = new ConcurrentHashMap<>();
  private volatile boolean isClosed;

  private Red5Driver(String name, BaseRTMPClientHandler handler) {
    this.name = name;
    this.handler = handler;
  }

  public static void main(String[] args) throws Exception {
    ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
    scheduler.setDaemon(true);
    scheduler.initialize();
    SharedObjectService.setScheduler(scheduler);
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    report("", "up");
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      List<?> command = (List<?>) new Json(line).read();
      String client = (String) command.get(0);
      try {
        run(client, (String) command.get(1), command.subList(2, command.size()));
      } catch (Throwable failure) {
        report(client, "failed", "why", failure.toString());
      }
    }
    System.exit(0);
  }

  private static void run(String client, String verb, List<?> args) throws Exception {
    if (verb.equals("open")) {
      Red5Driver driver = new Red5Driver(client, make((String) args.get(0), client));
      CLIENTS.put(client, driver);
      driver.open((String) args.get(0), number(args.get(1)), (String) args.get(2), number(args.get(3)));
      return;
    }
    Red5Driver driver = CLIENTS.get(client);
    switch (verb) {
      case "publish" -> driver.publish((String) args.get(0), (String) args.get(1));
      case "play" -> driver.play((String) args.get(0));
      case "call" -> driver.call((String) args.get(0), ((List<?>) args.get(1)).toArray());
      case "use" -> driver.use((String) args.get(0), (Boolean) args.get(1));
      case "change" -> driver.write(args, ISharedObjectEvent.Type.SERVER_SET_ATTRIBUTE);
      case "send" -> driver.write(args, ISharedObjectEvent.Type.SERVER_SEND_MESSAGE);
      case "remove" -> driver.write(args, ISharedObjectEvent.Type.SERVER_DELETE_ATTRIBUTE);
      case "release" -> driver.write(args, ISharedObjectEvent.Type.SERVER_DISCONNECT);
      case "close" -> driver.handler.disconnect();
      default -> throw new IllegalArgumentException(verb);
    }
  }

  private static BaseRTMPClientHandler make(String protocol, String client) {
    return switch (protocol) {
      case "rtmp" -> new Client(client);
      case "rtmps" -> new RTMPSClient();
      case "rtmpt" -> new RTMPTClient();
      case "rtmpts" -> new RTMPTSClient();
      case "rtmpe" -> new RTMPEClient();
      default -> throw new IllegalArgumentException(protocol);
    };
  }

  private void open(String protocol, int port, String app, int objectEncoding) {
    handler.setServiceProvider(new Service(name));
    handler.setConnectionClosedHandler(() -> {
      isClosed = true;
      report(name, "closed");
    });
    handler.setExceptionHandler(failure -> report(name, "exception", "why", failure.toString()));
    handler.setStreamEventDispatcher(this::received);
    Map<String, Object> parameters = handler.makeDefaultConnectionParams("127.0.0.1", port, app);
    parameters.put("tcUrl", protocol + "://127.0.0.1:" + port + "/" + app);
    parameters.put("objectEncoding", objectEncoding);
    handler.connect("127.0.0.1", port, parameters, call -> report(name, "connected", "value", call.getResult()));
  }

  private void received(IEvent event) {
    try {
      if (event instanceof AudioData audio) media("audio", audio, audio.getData());
      else if (event instanceof VideoData video) media("video", video, video.getData());
      else report(name, "stream event", "type", event.getClass().getSimpleName());
    } catch (Exception failure) {
      report(name, "failed", "why", failure.toString());
    }
  }

  private void media(String kind, IRTMPEvent event, IoBuffer data) throws Exception {
    byte[] bytes = new byte[data.limit()];
    data.duplicate().rewind().get(bytes);
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    report(name, kind, "timestamp", event.getTimestamp(), "bytes", bytes.length, "sha256", digest);
  }

  private void call(String method, Object[] arguments) {
    handler.invoke(method, arguments, call -> report(name, "result", "method", method, "value", call.getResult()));
  }

  private void play(String stream) {
    handler.createStream(call -> handler.play((Number) call.getResult(), stream, -2000, -1));
  }

  private void publish(String stream, String file) {
    handler.createStream(created -> {
      Number id = (Number) created.getResult();
      handler.publish(id, stream, "live", status -> {
        String told = Arrays.toString(status.getCall().getArguments());
        report(name, "status", "value", told);
        if (told.contains("NetStream.Publish.Start")) new Thread(() -> push(id, file)).start();
      });
    });
  }

  /** Sends the tags of an FLV file in real time. Data tags are left out: the client sends none by itself. */
  private void push(Number id, String file) {
    try {
      byte[] flv = Files.readAllBytes(Path.of(file));
      long start = System.currentTimeMillis();
      for (int at = 13; at + 11 <= flv.length && !isClosed; ) {
        int length = uint24(flv, at + 1);
        int timestamp = uint24(flv, at + 4) | (flv[at + 7] & 255) << 24;
        long early = start + timestamp - System.currentTimeMillis();
        if (early > 0) Thread.sleep(early);
        IoBuffer payload = IoBuffer.wrap(Arrays.copyOfRange(flv, at + 11, at + 11 + length));
        BaseEvent event = flv[at] == 8 ? new AudioData(payload) : flv[at] == 9 ? new VideoData(payload) : null;
        if (event != null) {
          event.setTimestamp(timestamp);
          handler.publishStreamData(id, RTMPMessage.build(event));
        }
        at += 11 + length + 4;
      }
      handler.unpublish(id);
      report(name, "published");
    } catch (Exception failure) {
      report(name, "failed", "why", failure.toString());
    }
  }

  private void use(String object, boolean persistent) {
    IClientSharedObject shared = handler.getSharedObject(object, persistent);
    shared.addSharedObjectListener(new Listener(name, object));
    objects.put(object, shared);
    shared.connect(handler.getConnection());
  }

  /** Red5's object of version 1.3.37 lets go of its connection after the first answer; hence messages made by hand. */
  private void write(List<?> args, ISharedObjectEvent.Type type) {
    SharedObjectMessage message = new SharedObjectMessage((String) args.get(0), 1, (Boolean) args.get(1));
    String key = args.size() > 2 ? (String) args.get(2) : null;
    message.addEvent(type, key, args.size() > 3 ? args.get(3) : null);
    handler.getConnection().getChannel(3).write(message);
  }

  private static int uint24(byte[] bytes, int at) {
    return (bytes[at] & 255) << 16 | (bytes[at + 1] & 255) << 8 | bytes[at + 2] & 255;
  }

  private static int number(Object value) {
    return ((Number) value).intValue();
  }

  static synchronized void report(String client, String event, Object... pairs) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("client", client);
    line.put("event", event);
    for (int i = 0; i < pairs.length; i += 2) line.put((String) pairs[i], pairs[i + 1]);
    System.out.println(Json.write(line));
    System.out.flush();
  }

  /**
   * What the server may call. Red5 finds methods by reflection, so class and methods are public. Of several methods of
   * one name it takes any that it can turn the values into arguments for, so each class of values has a name of its own.
   */
  public static class Service {
    private final String name;

    Service(String name) {
      this.name = name;
    }

    public void onStatus(ObjectMap<?, ?> status) {
      report(name, "status", "value", status);
    }

    public String hello(String who) {
      report(name, "called", "method", "hello", "value", who);
      return "hello " + who;
    }

    public String echoText(String value) {
      return echoed(value);
    }

    public Double echoNumber(Double value) {
      return echoed(value);
    }

    public Integer echoInteger(Integer value) {
      return echoed(value);
    }

    public Boolean echoBoolean(Boolean value) {
      return echoed(value);
    }

    public Date echoDate(Date value) {
      return echoed(value);
    }

    public ArrayList<?> echoList(ArrayList<?> value) {
      return echoed(value);
    }

    public ObjectMap<?, ?> echoMap(ObjectMap<?, ?> value) {
      return echoed(value);
    }

    private <T> T echoed(T value) {
      report(name, "called", "method", "echo", "value", value);
      return value;
    }
  }

  /** Red5's object of version 1.3.37 knows no messages, although its protocol does: they are told from here. */
  private static final class Client extends RTMPClient {
    private final String name;

    Client(String name) {
      this.name = name;
    }

    @Override
    protected void onSharedObject(RTMPConnection of, Channel on, Header header, SharedObjectMessage message) {
      for (ISharedObjectEvent event : message.getEvents()) {
        if (event.getType() == ISharedObjectEvent.Type.SERVER_SEND_MESSAGE) {
          report(name, "object message", "object", message.getName(), "key", event.getKey(), "value", event.getValue());
        }
      }
      super.onSharedObject(of, on, header, message);
    }
  }

  private record Listener(String client, String object) implements ISharedObjectListener {
    private void tell(String event, Object... more) {
      List<Object> pairs = new ArrayList<>(List.of("object", object));
      pairs.addAll(Arrays.asList(more));
      report(client, event, pairs.toArray());
    }

    public void onSharedObjectConnect(ISharedObjectBase base) {
      tell("object connected");
    }

    public void onSharedObjectDisconnect(ISharedObjectBase base) {
      tell("object disconnected");
    }

    public void onSharedObjectUpdate(ISharedObjectBase base, String key, Object value) {
      tell("object changed", "key", key, "value", value);
    }

    public void onSharedObjectUpdate(ISharedObjectBase base, IAttributeStore values) {
      for (var entry : values.getAttributes().entrySet()) onSharedObjectUpdate(base, entry.getKey(), entry.getValue());
    }

    public void onSharedObjectUpdate(ISharedObjectBase base, Map<String, Object> values) {
      for (var entry : values.entrySet()) onSharedObjectUpdate(base, entry.getKey(), entry.getValue());
    }

    public void onSharedObjectDelete(ISharedObjectBase base, String key) {
      tell("object removed", "key", key);
    }

    public void onSharedObjectClear(ISharedObjectBase base) {
      tell("object cleared");
    }

    public void onSharedObjectSend(ISharedObjectBase base, String method, List<?> values) {}
  }

  /** Just enough JSON. Dates and bytes are {"$date": ms} and {"$bytes": "hex"} on both ways. */
  private static final class Json {
    private final String text;
    private int at;

    Json(String text) {
      this.text = text;
    }

    Object read() {
      char first = peek();
      if (first == '[') {
        List<Object> list = new ArrayList<>();
        for (at++; peek() != ']'; ) list.add(read());
        at++;
        return list;
      }
      if (first == '{') {
        Map<String, Object> map = new LinkedHashMap<>();
        for (at++; peek() != '}'; ) map.put((String) read(), read());
        at++;
        if (map.get("$date") instanceof Number ms) return new Date(ms.longValue());
        return map.get("$bytes") instanceof String hex ? HexFormat.of().parseHex(hex) : map;
      }
      if (first == '"') return string();
      int start = at;
      while (at < text.length() && ",:]} ".indexOf(text.charAt(at)) < 0) at++;
      String word = text.substring(start, at);
      return switch (word) {
        case "null" -> null;
        case "true", "false" -> Boolean.valueOf(word);
        default -> word.matches("-?\\d{1,9}") ? (Object) Integer.valueOf(word) : Double.valueOf(word);
      };
    }

    /** The next character that is no separator; it is not taken. */
    private char peek() {
      while (", :".indexOf(text.charAt(at)) >= 0) at++;
      return text.charAt(at);
    }

    private String string() {
      StringBuilder out = new StringBuilder();
      at++;
      for (char c = text.charAt(at++); c != '"'; c = text.charAt(at++)) {
        if (c != '\\') {
          out.append(c);
          continue;
        }
        char escaped = text.charAt(at++);
        if (escaped == 'u') {
          out.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
          at += 4;
        } else out.append(escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped == 'r' ? '\r' : escaped);
      }
      return out.toString();
    }

    static String write(Object value) {
      if (value == null || value instanceof Boolean) return String.valueOf(value);
      if (value instanceof Double d && (d.isNaN() || d.isInfinite())) return quoted(d.toString());
      if (value instanceof Number) return value.toString();
      if (value instanceof Date date) return "{\"$date\":" + date.getTime() + "}";
      if (value instanceof byte[] bytes) return "{\"$bytes\":\"" + HexFormat.of().formatHex(bytes) + "\"}";
      if (value instanceof Object[] array) return write(Arrays.asList(array));
      if (value instanceof Iterable<?> items) {
        List<String> parts = new ArrayList<>();
        for (Object item : items) parts.add(write(item));
        return "[" + String.join(",", parts) + "]";
      }
      if (value instanceof Map<?, ?> map) {
        List<String> parts = new ArrayList<>();
        for (var entry : map.entrySet()) parts.add(quoted(String.valueOf(entry.getKey())) + ":" + write(entry.getValue()));
        return "{" + String.join(",", parts) + "}";
      }
      return quoted(value.toString());
    }

    private static String quoted(String text) {
      StringBuilder out = new StringBuilder("\"");
      for (char c : text.toCharArray()) {
        if (c == '"' || c == '\\') out.append('\\').append(c);
        else if (c < 32) out.append(String.format("\\u%04x", (int) c));
        else out.append(c);
      }
      return out.append('"').toString();
    }
  }
}
