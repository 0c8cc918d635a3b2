// What other systems tell, and what becomes of it. A hook of the configuration is a notice with `from` and `when`; where
// only a destination is configured, these say it for a repository (GitHub, Gitea) and a monitoring system (Alertmanager).

import type { Notice } from "./notices.ts";

export interface Hook extends Notice {
  /** The webhook: `repository` or `monitoring`. */
  from: string;
  /** What the payload has to be like, all of it. `event` is what the header names. */
  when: string[];
}

type Written = Omit<Hook, "to">;

const PUSH = { from: "repository", when: ["ref", "commits.0.id"], link: "{compare}", title: "{repository.full_name}", body: "{commits.*.message|line}", color: "#0969DA" };
const PULL = { from: "repository", title: "#{pull_request.number} {pull_request.title}", link: "{pull_request.html_url}", body: "{pull_request.head.ref} → {pull_request.base.ref}" };
const ALARM = { from: "monitoring", title: "{commonLabels.alertname}", link: "{externalURL}", body: "{commonAnnotations.description}" };
const opened = ["pull_request.title", "action ~ ^(opened|reopened)$"];
const merged = ["pull_request.title", "action = closed", "pull_request.merged"];

const KO: Written[] = [
  { ...PUSH, text: "⬆️ {pusher.name}님이 {ref|branch}에 커밋 {commits|count}개를 올렸습니다." },
  { ...PULL, when: opened, color: "#1A7F37", text: "🔀 {sender.login}님이 풀 리퀘스트를 열었습니다." },
  { ...PULL, when: merged, color: "#8250DF", text: "🎉 {sender.login}님이 풀 리퀘스트를 합쳤습니다." },
  { ...ALARM, when: ["status = firing"], color: "danger", text: "🚨 {commonAnnotations.summary}", fields: ["심각도 = {commonLabels.severity}", "서비스 = {commonLabels.service}"] },
  { ...ALARM, when: ["status = resolved"], color: "good", text: "✅ 해결됨: {commonAnnotations.summary}" },
];

const EN: Written[] = [
  { ...PUSH, text: "⬆️ {pusher.name} pushed to {ref|branch} (commits: {commits|count})." },
  { ...PULL, when: opened, color: "#1A7F37", text: "🔀 {sender.login} opened a pull request." },
  { ...PULL, when: merged, color: "#8250DF", text: "🎉 {sender.login} merged a pull request." },
  { ...ALARM, when: ["status = firing"], color: "danger", text: "🚨 {commonAnnotations.summary}", fields: ["severity = {commonLabels.severity}", "service = {commonLabels.service}"] },
  { ...ALARM, when: ["status = resolved"], color: "good", text: "✅ resolved: {commonAnnotations.summary}" },
];

/** What is said where nobody wrote hooks of their own. */
export const usual = (language: string, from: string, to: string[]): Hook[] =>
  (language === "ko" ? KO : EN).filter((hook) => hook.from === from).map((hook) => ({ ...hook, to }));
