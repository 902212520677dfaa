// Puts a report into the pull requests of a commit, in place of the one that is there.
//
// Called by github-workflow.yml with the objects of actions/github-script. The first line of the report is a
// comment of HTML that says which test and environment it is about: the comment that begins with it is replaced.
const { readFileSync } = require('node:fs');

/** Numbers of the open pull requests that the run is about. */
async function pullRequests({ github, context }) {
  if (context.payload.pull_request) return [context.payload.pull_request.number];
  const { owner, repo } = context.repo;
  const sha = context.payload.deployment?.sha ?? context.sha;
  const { data } = await github.rest.repos.listPullRequestsAssociatedWithCommit({ owner, repo, commit_sha: sha });
  return data.filter((pull) => pull.state === 'open').map((pull) => pull.number);
}

module.exports = async function comment({ github, context, core, file }) {
  const body = readFileSync(file, 'utf8');
  const marker = body.split('\n', 1)[0];
  if (!/^<!-- brunt: .* -->$/.test(marker)) throw new Error(`${file} does not begin with the marker of a report`);
  const { owner, repo } = context.repo;
  const numbers = await pullRequests({ github, context });
  if (numbers.length === 0) core.info('no open pull request has this commit: nothing to comment on');
  for (const number of numbers) {
    const comments = await github.paginate(github.rest.issues.listComments, { owner, repo, issue_number: number, per_page: 100 });
    // Others may quote a report: only a comment of a bot is replaced.
    const old = comments.find((one) => one.user?.type === 'Bot' && one.body?.startsWith(marker));
    if (old) await github.rest.issues.updateComment({ owner, repo, comment_id: old.id, body });
    else await github.rest.issues.createComment({ owner, repo, issue_number: number, body });
  }
};
