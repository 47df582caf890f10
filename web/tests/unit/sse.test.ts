import { describe, expect, test } from 'vitest';
import { FrameReader, readFrames } from '../../src/api/sse';

const TEXT =
  'retry: 2000\n\n: heartbeat\n\nid: 7\nevent: persopt.job.started\ndata: {"a":1}\n\nid: 8\nevent: line\ndata: x\ndata: y\n\n';
const FRAMES = [
  { id: '7', event: 'persopt.job.started', data: '{"a":1}' },
  { id: '8', event: 'line', data: 'x\ny' },
];

describe('server-sent events', () => {
  test('are the same wherever the stream is cut', () => {
    for (let cut = 0; cut <= TEXT.length; cut++) {
      const reader = new FrameReader();
      expect([...reader.feed(TEXT.slice(0, cut)), ...reader.feed(TEXT.slice(cut))]).toEqual(FRAMES);
    }
  });

  test('one that is not whole yet is kept back', () => {
    const reader = new FrameReader();
    expect(reader.feed('id: 1\ndata: x\n')).toEqual([]);
    expect(reader.feed('\n')).toEqual([{ id: '1', event: 'message', data: 'x' }]);
  });

  test('letters cut in two between pieces come out whole', async () => {
    const bytes = new TextEncoder().encode('data: سلام\n\n');
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const found = [];
    for await (const frame of readFrames(new Response(body))) found.push(frame.data);
    expect(found).toEqual(['سلام']);
  });
});
