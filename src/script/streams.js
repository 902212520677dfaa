// Module "k6/experimental/streams": the part of the WHATWG Streams Standard (https://streams.spec.whatwg.org) that k6
// has: readable streams with the default controller and reader, writable streams, CountQueuingStrategy. No byte
// streams, tee, pipes or asynchronous iteration. Names of internal functions are short forms of the standard's.
(function () {
  'use strict';

  const defer = () => {
    const d = {};
    d.promise = new Promise((resolve, reject) => {
      d.resolve = resolve;
      d.reject = reject;
    });
    return d;
  };
  const resolved = (value) => {
    const d = defer();
    d.resolve(value);
    return d;
  };
  // A promise that a script need not look at.
  const quiet = (d) => {
    d.promise.then(undefined, () => {});
    return d;
  };
  const rejected = (error) => {
    const d = quiet(defer());
    d.reject(error);
    return d;
  };
  const promiseCall = (f, self, ...args) => {
    try {
      return Promise.resolve(f === undefined ? undefined : f.apply(self, args));
    } catch (e) {
      return Promise.reject(e);
    }
  };
  const method = (object, name) => {
    const f = object[name];
    if (f === undefined || f === null) return undefined;
    if (typeof f !== 'function') throw new TypeError(`${name} must be a function`);
    return f;
  };
  const objectOr = (value, what) => {
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' && typeof value !== 'function') throw new TypeError(`${what} must be an object`);
    return value;
  };
  const highWaterMark = (strategy) => {
    if (strategy.highWaterMark === undefined) return 1;
    const n = Number(strategy.highWaterMark);
    if (!(n >= 0)) throw new RangeError('highWaterMark must be a number of at least 0');
    return n;
  };
  const sizeFunction = (strategy) => {
    const size = method(strategy, 'size');
    return size === undefined ? () => 1 : (chunk) => size(chunk);
  };
  const chunkSize = (s, chunk) => {
    const n = Number(s.size(chunk));
    if (!(n >= 0 && n < Infinity)) throw new RangeError('the size of a chunk must be a finite number of at least 0');
    return n;
  };

  class CountQueuingStrategy {
    #mark;
    constructor(init) {
      if (init === undefined || init === null || typeof init !== 'object' || init.highWaterMark === undefined) {
        throw new TypeError('CountQueuingStrategy needs an object with highWaterMark');
      }
      this.#mark = Number(init.highWaterMark);
    }
    get highWaterMark() {
      return this.#mark;
    }
    get size() {
      return countSize;
    }
  }
  const countSize = () => 1;

  // Readable streams ------------------------------------------------------------------------------------

  const shouldPull = (s) => {
    if (!s.started || s.state !== 'readable' || s.closeRequested) return false;
    return (s.reader !== undefined && s.reader.requests.length > 0) || s.mark - s.total > 0;
  };
  const pull = (s) => {
    if (!shouldPull(s)) return;
    s.pullAgain = s.pulling;
    if (s.pulling) return;
    s.pulling = true;
    promiseCall(s.pull, s.source, s.controller).then(
      () => {
        s.pulling = false;
        if (s.pullAgain) pull(s);
      },
      (e) => fail(s, e),
    );
  };
  const emptyQueue = (s) => {
    s.queue = [];
    s.total = 0;
  };
  const fail = (s, error) => {
    if (s.state !== 'readable') return;
    emptyQueue(s);
    s.state = 'errored';
    s.error = error;
    const r = s.reader;
    if (r === undefined) return;
    quiet(r.closed).reject(error);
    for (const d of r.requests.splice(0)) d.reject(error);
  };
  const finish = (s) => {
    s.state = 'closed';
    const r = s.reader;
    if (r === undefined) return;
    r.closed.resolve(undefined);
    for (const d of r.requests.splice(0)) d.resolve({ value: undefined, done: true });
  };
  const canEnqueue = (s) => s.state === 'readable' && !s.closeRequested;
  const enqueue = (s, chunk) => {
    if (!canEnqueue(s)) throw new TypeError('enqueue(): the stream is closed or failed');
    if (s.reader !== undefined && s.reader.requests.length > 0) {
      s.reader.requests.shift().resolve({ value: chunk, done: false });
    } else {
      let size;
      try {
        size = chunkSize(s, chunk);
      } catch (e) {
        fail(s, e);
        throw e;
      }
      s.queue.push({ chunk, size });
      s.total += size;
    }
    pull(s);
  };
  const closeReadable = (s) => {
    if (!canEnqueue(s)) throw new TypeError('close(): the stream is closed or failed');
    s.closeRequested = true;
    if (s.queue.length === 0) finish(s);
  };
  const cancel = (s, reason) => {
    if (s.state === 'closed') return Promise.resolve(undefined);
    if (s.state === 'errored') return Promise.reject(s.error);
    finish(s);
    emptyQueue(s);
    return promiseCall(s.cancel, s.source, reason).then(() => undefined);
  };
  const read = (r) => {
    const s = r.stream;
    if (s === undefined) return Promise.reject(new TypeError('read(): the reader was released'));
    if (s.state === 'errored') return Promise.reject(s.error);
    if (s.state === 'closed') return Promise.resolve({ value: undefined, done: true });
    if (s.queue.length > 0) {
      const { chunk, size } = s.queue.shift();
      s.total = s.queue.length > 0 ? s.total - size : 0;
      if (s.closeRequested && s.queue.length === 0) finish(s);
      else pull(s);
      return Promise.resolve({ value: chunk, done: false });
    }
    const d = defer();
    r.requests.push(d);
    pull(s);
    return d.promise;
  };

  class ReadableStreamDefaultController {
    #s;
    constructor(state, key) {
      if (key !== internal) throw new TypeError('Illegal constructor');
      this.#s = state;
    }
    get desiredSize() {
      const s = this.#s;
      if (s.state === 'errored') return null;
      return s.state === 'closed' ? 0 : s.mark - s.total;
    }
    enqueue(chunk) {
      enqueue(this.#s, chunk);
    }
    close() {
      closeReadable(this.#s);
    }
    error(e) {
      fail(this.#s, e);
    }
  }
  const internal = {};

  let readableOf;
  class ReadableStream {
    #s;
    static {
      readableOf = (v) => {
        if (typeof v !== 'object' || v === null || !(#s in v)) throw new TypeError('a ReadableStream is needed');
        return v.#s;
      };
    }
    constructor(source, strategy) {
      source = objectOr(source, 'the underlying source');
      strategy = objectOr(strategy, 'the strategy');
      if (source.type !== undefined) throw new RangeError('streams of bytes are not supported: leave out type');
      const s = {
        source, state: 'readable', error: undefined, reader: undefined, queue: [], total: 0, started: false,
        closeRequested: false, pulling: false, pullAgain: false, size: sizeFunction(strategy),
        mark: highWaterMark(strategy), pull: method(source, 'pull'), cancel: method(source, 'cancel'),
      };
      this.#s = s;
      s.controller = new ReadableStreamDefaultController(s, internal);
      const start = method(source, 'start');
      const begun = start === undefined ? undefined : start.call(source, s.controller);
      Promise.resolve(begun).then(
        () => {
          s.started = true;
          pull(s);
        },
        (e) => fail(s, e),
      );
    }
    get locked() {
      return this.#s.reader !== undefined;
    }
    cancel(reason) {
      if (this.locked) return Promise.reject(new TypeError('cancel(): the stream is locked to a reader'));
      return cancel(this.#s, reason);
    }
    getReader(options) {
      if (objectOr(options, 'the options').mode !== undefined) {
        throw new TypeError('getReader(): there is the default mode only');
      }
      return new ReadableStreamDefaultReader(this);
    }
  }

  class ReadableStreamDefaultReader {
    #r;
    constructor(stream) {
      const s = readableOf(stream);
      if (s.reader !== undefined) throw new TypeError('the stream is locked to a reader already');
      const r = { stream: s, requests: [], closed: defer() };
      if (s.state === 'closed') r.closed.resolve(undefined);
      if (s.state === 'errored') r.closed = rejected(s.error);
      s.reader = r;
      this.#r = r;
    }
    get closed() {
      return this.#r.closed.promise;
    }
    read() {
      return read(this.#r);
    }
    cancel(reason) {
      const s = this.#r.stream;
      return s === undefined ? Promise.reject(new TypeError('cancel(): the reader was released')) : cancel(s, reason);
    }
    releaseLock() {
      const r = this.#r, s = r.stream;
      if (s === undefined) return;
      const error = new TypeError('the reader was released');
      if (s.state === 'readable') quiet(r.closed).reject(error);
      else r.closed = rejected(error);
      for (const d of r.requests.splice(0)) d.reject(error);
      s.reader = undefined;
      r.stream = undefined;
    }
  }

  // Writable streams ------------------------------------------------------------------------------------

  const CLOSE = {};
  const closing = (w) => w.closeRequest !== undefined || w.closeRunning !== undefined;
  const pressed = (w) => w.mark - w.total <= 0;
  const rejectReady = (writer, error) => {
    if (writer.readyDone) writer.ready = defer();
    writer.readyDone = true;
    quiet(writer.ready).reject(error);
  };
  const resolveReady = (writer) => {
    writer.readyDone = true;
    writer.ready.resolve(undefined);
  };
  const setPressure = (w, on) => {
    if (w.writer !== undefined && on !== w.pressure) {
      if (on) {
        w.writer.ready = defer();
        w.writer.readyDone = false;
      } else {
        resolveReady(w.writer);
      }
    }
    w.pressure = on;
  };
  const rejectClosed = (w) => {
    if (w.closeRequest !== undefined) {
      w.closeRequest.reject(w.error);
      w.closeRequest = undefined;
    }
    if (w.writer !== undefined) quiet(w.writer.closed).reject(w.error);
  };
  const startErroring = (w, error) => {
    w.state = 'erroring';
    w.error = error;
    if (w.writer !== undefined) rejectReady(w.writer, error);
    if (w.writeRunning === undefined && w.closeRunning === undefined && w.started) finishErroring(w);
  };
  const finishErroring = (w) => {
    w.state = 'errored';
    emptyQueue(w);
    for (const d of w.requests.splice(0)) d.reject(w.error);
    const a = w.aborting;
    w.aborting = undefined;
    if (a === undefined || a.late) {
      if (a !== undefined) a.reject(w.error);
      rejectClosed(w);
      return;
    }
    promiseCall(w.abort, w.sink, a.reason).then(
      () => {
        a.resolve(undefined);
        rejectClosed(w);
      },
      (e) => {
        a.reject(e);
        rejectClosed(w);
      },
    );
  };
  const sinkFailed = (w, error) => {
    if (w.state === 'writable') startErroring(w, error);
    else finishErroring(w);
  };
  const runClose = (w) => {
    const d = w.closeRequest;
    w.closeRunning = d;
    w.closeRequest = undefined;
    w.queue.shift();
    promiseCall(w.close, w.sink).then(
      () => {
        w.closeRunning = undefined;
        d.resolve(undefined);
        if (w.state === 'erroring' && w.aborting !== undefined) {
          w.aborting.resolve(undefined);
          w.aborting = undefined;
        }
        w.state = 'closed';
        if (w.writer !== undefined) w.writer.closed.resolve(undefined);
      },
      (e) => {
        w.closeRunning = undefined;
        d.reject(e);
        if (w.aborting !== undefined) w.aborting.reject(e);
        w.aborting = undefined;
        sinkFailed(w, e);
      },
    );
  };
  const runWrite = (w, item) => {
    const d = w.requests.shift();
    w.writeRunning = d;
    promiseCall(w.write, w.sink, item.chunk, w.controller).then(
      () => {
        w.writeRunning = undefined;
        d.resolve(undefined);
        if (w.queue[0] === item) {
          w.queue.shift();
          w.total = w.queue.length > 0 ? w.total - item.size : 0;
        }
        if (!closing(w) && w.state === 'writable') setPressure(w, pressed(w));
        advance(w);
      },
      (e) => {
        w.writeRunning = undefined;
        d.reject(e);
        sinkFailed(w, e);
      },
    );
  };
  const advance = (w) => {
    if (!w.started || w.writeRunning !== undefined || w.closeRunning !== undefined) return;
    if (w.state === 'erroring') finishErroring(w);
    else if (w.queue.length > 0 && w.queue[0] === CLOSE) runClose(w);
    else if (w.queue.length > 0) runWrite(w, w.queue[0]);
  };
  const abort = (w, reason) => {
    if (w.state === 'closed' || w.state === 'errored') return Promise.resolve(undefined);
    if (w.aborting !== undefined) return w.aborting.promise;
    const late = w.state === 'erroring';
    w.aborting = Object.assign(defer(), { reason: late ? undefined : reason, late });
    const { promise } = w.aborting;
    if (!late) startErroring(w, reason);
    return promise;
  };
  const close = (w) => {
    if (w.state === 'closed' || w.state === 'errored' || closing(w)) {
      return Promise.reject(new TypeError('close(): the stream is closing, closed or failed'));
    }
    const d = defer();
    w.closeRequest = d;
    if (w.writer !== undefined && w.pressure && w.state === 'writable') resolveReady(w.writer);
    w.queue.push(CLOSE);
    advance(w);
    return d.promise;
  };
  const write = (w, chunk) => {
    let size = 1;
    try {
      size = chunkSize(w, chunk);
    } catch (e) {
      if (w.state === 'writable') startErroring(w, e);
    }
    if (w.state === 'errored' || w.state === 'erroring') return Promise.reject(w.error);
    if (closing(w) || w.state === 'closed') return Promise.reject(new TypeError('write(): the stream is closing or closed'));
    const d = defer();
    w.requests.push(d);
    w.queue.push({ chunk, size });
    w.total += size;
    setPressure(w, pressed(w));
    advance(w);
    return d.promise;
  };

  class WritableStreamDefaultController {
    #w;
    constructor(state, key) {
      if (key !== internal) throw new TypeError('Illegal constructor');
      this.#w = state;
    }
    error(e) {
      if (this.#w.state === 'writable') startErroring(this.#w, e);
    }
  }

  let writableOf;
  class WritableStream {
    #w;
    static {
      writableOf = (v) => {
        if (typeof v !== 'object' || v === null || !(#w in v)) throw new TypeError('a WritableStream is needed');
        return v.#w;
      };
    }
    constructor(sink, strategy) {
      sink = objectOr(sink, 'the underlying sink');
      strategy = objectOr(strategy, 'the strategy');
      if (sink.type !== undefined) throw new RangeError('the underlying sink must have no type');
      const w = {
        sink, state: 'writable', error: undefined, writer: undefined, queue: [], total: 0, requests: [],
        started: false, closeRequest: undefined, closeRunning: undefined, writeRunning: undefined,
        aborting: undefined, size: sizeFunction(strategy), mark: highWaterMark(strategy),
        write: method(sink, 'write'), close: method(sink, 'close'), abort: method(sink, 'abort'),
      };
      this.#w = w;
      w.pressure = pressed(w);
      w.controller = new WritableStreamDefaultController(w, internal);
      const start = method(sink, 'start');
      const begun = start === undefined ? undefined : start.call(sink, w.controller);
      Promise.resolve(begun).then(
        () => {
          w.started = true;
          advance(w);
        },
        (e) => {
          w.started = true;
          sinkFailed(w, e);
        },
      );
    }
    get locked() {
      return this.#w.writer !== undefined;
    }
    abort(reason) {
      if (this.locked) return Promise.reject(new TypeError('abort(): the stream is locked to a writer'));
      return abort(this.#w, reason);
    }
    close() {
      if (this.locked) return Promise.reject(new TypeError('close(): the stream is locked to a writer'));
      return close(this.#w);
    }
    getWriter() {
      return new WritableStreamDefaultWriter(this);
    }
  }

  const released = () => new TypeError('the writer was released');
  class WritableStreamDefaultWriter {
    #wr;
    constructor(stream) {
      const w = writableOf(stream);
      if (w.writer !== undefined) throw new TypeError('the stream is locked to a writer already');
      const wr = { stream: w, ready: resolved(undefined), readyDone: true, closed: defer() };
      if (w.state === 'writable' && !closing(w) && w.pressure) {
        wr.ready = defer();
        wr.readyDone = false;
      }
      if (w.state === 'erroring' || w.state === 'errored') wr.ready = rejected(w.error);
      if (w.state === 'errored') wr.closed = rejected(w.error);
      if (w.state === 'closed') wr.closed.resolve(undefined);
      w.writer = wr;
      this.#wr = wr;
    }
    get closed() {
      return this.#wr.closed.promise;
    }
    get ready() {
      return this.#wr.ready.promise;
    }
    get desiredSize() {
      const w = this.#wr.stream;
      if (w === undefined) throw released();
      if (w.state === 'erroring' || w.state === 'errored') return null;
      return w.state === 'closed' ? 0 : w.mark - w.total;
    }
    write(chunk) {
      const w = this.#wr.stream;
      return w === undefined ? Promise.reject(released()) : write(w, chunk);
    }
    close() {
      const w = this.#wr.stream;
      return w === undefined ? Promise.reject(released()) : close(w);
    }
    abort(reason) {
      const w = this.#wr.stream;
      return w === undefined ? Promise.reject(released()) : abort(w, reason);
    }
    releaseLock() {
      const wr = this.#wr, w = wr.stream;
      if (w === undefined) return;
      const error = released();
      rejectReady(wr, error);
      if (w.state === 'writable' || w.state === 'erroring') quiet(wr.closed).reject(error);
      else wr.closed = rejected(error);
      w.writer = undefined;
      wr.stream = undefined;
    }
  }

  /* For Blob.stream(): gives a Uint8Array in pieces. */
  const PIECE = 65536;
  const ofBytes = (bytes) => {
    let at = 0;
    return new ReadableStream({
      pull(controller) {
        if (at < bytes.length) controller.enqueue(bytes.slice(at, at += PIECE));
        if (at >= bytes.length) controller.close();
      },
    });
  };

  return {
    CountQueuingStrategy, ReadableStream, ReadableStreamDefaultReader, WritableStream, WritableStreamDefaultWriter,
    ofBytes,
  };
})();
