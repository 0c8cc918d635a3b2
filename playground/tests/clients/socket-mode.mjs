// The same bot on @slack/socket-mode: socket-mode.mjs @slack/socket-mode|socket-mode-2
import assert from 'node:assert/strict';
import { WebClient } from '@slack/web-api';

const { MOA_API: slackApiUrl, MOA_APP_TOKEN: appToken, MOA_BOT_TOKEN: botToken } = process.env;
const { SocketModeClient } = await import(process.argv[2]);
const web = new WebClient(botToken, { slackApiUrl });
const socket = new SocketModeClient({ appToken, clientOptions: { slackApiUrl } });

/** Web API calls as a bot makes them; throws where an answer isn't as with Slack. */
async function check(channel, user) {
  const me = await web.auth.test();
  const people = [];
  for await (const page of web.paginate('users.list', { limit: 2 })) people.push(...page.members.map((m) => m.id));
  assert.ok(people.includes(user) && people.includes(me.user_id), String(people));
  const metadata = { event_type: 'moa', event_payload: { id: '1' } };
  const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: '*x*' } }];
  const posted = await web.chat.postMessage({ channel, text: 'draft', metadata, blocks });
  assert.equal(posted.message.bot_id, me.bot_id);
  await web.chat.update({ channel, ts: posted.ts, text: 'final' });
  await web.reactions.add({ channel, timestamp: posted.ts, name: 'eyes' });
  const history = await web.conversations.history({ channel, limit: 1, include_all_metadata: true });
  assert.equal(history.messages[0].text, 'final');
  assert.equal(history.messages[0].metadata.event_payload.id, '1');
  const reply = await web.chat.postMessage({ channel, text: 'below', thread_ts: posted.ts });
  const thread = await web.conversations.replies({ channel, ts: posted.ts });
  assert.deepEqual(thread.messages.map((m) => m.ts), [posted.ts, reply.ts]);
  await web.chat.postEphemeral({ channel, user, text: 'only you' });
  const direct = await web.conversations.open({ users: user });
  await web.chat.postMessage({ channel: direct.channel.id, text: 'psst' });
  const uploaded = await web.files.uploadV2({ channel_id: channel, content: 'a,b', filename: 'a.csv', title: 'A' });
  assert.equal(uploaded.files[0].files[0].title, 'A');
  const two = [{ filename: 'b.txt', content: 'bee' }, { filename: 'c.bin', file: Buffer.from([0, 1]) }];
  await web.filesUploadV2({ channel_id: channel, thread_ts: posted.ts, initial_comment: 'two', file_uploads: two });
  const shared = (await web.conversations.replies({ channel, ts: posted.ts })).messages.at(-1);
  assert.deepEqual(shared.files.map((f) => f.name), ['b.txt', 'c.bin']);
  const { file } = await web.files.info({ file: shared.files[0].id });
  const read = await fetch(file.url_private, { headers: { authorization: `Bearer ${botToken}` } });
  assert.equal(await read.text(), 'bee');
  await web.files.delete({ file: file.id });
  await assert.rejects(web.files.info({ file: file.id }), /file_not_found/);
  const seen = [];
  for await (const page of web.paginate('conversations.history', { channel, limit: 2 })) seen.push(...page.messages.map((m) => m.ts));
  assert.ok(seen.includes(posted.ts) && new Set(seen).size === seen.length, String(seen));
  await web.chat.delete({ channel, ts: reply.ts });
  await assert.rejects(web.chat.postMessage({ channel: 'C000RANDOM0', text: 'x' }), /not_in_channel/);
}

socket.on('message', async ({ event, ack }) => {
  await ack();
  if (event.bot_id || event.subtype) return;
  if (event.text.startsWith('ping ')) {
    await web.chat.postMessage({ channel: event.channel, text: event.text.replace('ping', 'pong'), thread_ts: event.thread_ts });
  }
  if (event.text === 'check') {
    let text = 'check ok';
    try {
      await check(event.channel, event.user);
    } catch (error) {
      text = `check failed: ${error.stack}`;
    }
    await web.chat.postMessage({ channel: event.channel, text });
  }
});
socket.on('app_mention', async ({ event, ack }) => {
  await ack();
  await web.chat.postMessage({ channel: event.channel, text: 'mentioned' });
});
socket.on('slash_commands', async ({ body, ack }) => {
  if (body.text !== 'later') return ack({ text: `slash ${body.text}` });
  await ack();
  const answer = JSON.stringify({ text: 'slash later', response_type: 'in_channel' });
  return fetch(body.response_url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: answer });
});
for (const quiet of ['reaction_added', 'file_shared', 'file_deleted', 'error']) socket.on(quiet, ({ ack } = {}) => ack?.());
await socket.start();
