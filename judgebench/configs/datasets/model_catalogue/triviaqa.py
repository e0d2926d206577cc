"""TriviaQA without passages, 17,944 questions of trivia with many accepted forms of each answer (Joshi et al. 2017)."""

from judgebench.datasets import JudgeSamples
from judgebench.judges import AcceptedForms, FirstLine, PatternEqual

also_called = ["triviaqa_gen", "triviaqa_gen_0_shot_chat_prompt", "trivia_qa"]

about = dict(
    title="TriviaQA (no context)",
    source="M. Joshi et al. (2017), TriviaQA: A Large Scale Distantly Supervised Challenge Dataset for Reading "
    "Comprehension, arXiv:1705.03551",
    published="hub mandarjoshi/trivia_qa, configuration rc.nocontext, split validation",
    licence="see the hub's page",
    size="17,944 questions",
    columns="`question_id`, `question`, `answer` (`value`, `aliases`, `normalized_aliases`)",
    asks="the answer alone, on one line",
    scored="accuracy in three rows: `triviaqa` compares the first line with the aliases, normalised; "
    "`triviaqa-lm_eval` what stands before a full stop, comma or line break, disregarding case and punctuation; "
    "`triviaqa-aisbench` calls a first line right that holds an alias",
    unread="`triviaqa`: an empty reply is unparsed. The other two call everything else wrong",
    checked="invented rows of the published layout and answers whose figures are known; lm-eval's own scorer on "
    "thousands of answers (`make test-soak`)",
    weaknesses="Containment accepts “not Paris, but Rome”: in Judging the Judges (`judging_the_judges`) it is 14.7 points "
    "off people's score, and exact match further. `triviaqa_llmjudge` puts what the rule calls wrong to a judge.",
)

triviaqa_datasets = [
    dict(
        abbr="triviaqa",
        type=JudgeSamples,
        path="triviaqa/validation.jsonl",
        also=["triviaqa/triviaqa-validation.jsonl", "triviaqa/validation.parquet"],
        hub=dict(path="mandarjoshi/trivia_qa", name="rc.nocontext", split="validation"),
        key="{question_id}",
        input_columns=["question"],
        output_column="answer.aliases",
        prompt=[
            dict(role="user", content="{question}\n\nReply with the answer alone, in as few words as possible."),
        ],
        evaluator=dict(type=AcceptedForms, part="first_line"),
        extractor=dict(type=FirstLine),
        rule_row=True,
        judge_infer_cfg=[
            dict(
                abbr="lm_eval",
                method=dict(type=PatternEqual, patterns=[r"\A\s*([^\n.,]*)"], case=True, punctuation=True),
            ),
            dict(
                abbr="aisbench",
                method=dict(
                    type=PatternEqual,
                    patterns=[r"(?i)\A[^\n]*answer is ([^\n]*)", r"\A([^\n]*)"],
                    compare="holds",
                    case=True,
                ),
            ),
        ],
    )
]
