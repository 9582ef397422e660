"""The glossary's entries: every term in our own words, its formula where it has one, and where it
comes from.
"""

from dataclasses import dataclass

HS = "HS-STaR, arXiv 2505.19866"
OURS = "our choice"


@dataclass(frozen=True, slots=True)
class Term:
    name: str
    meaning: str
    formula: str = ""
    """LaTeX; empty where there is none."""
    source: str = OURS


GROUPS: dict[str, tuple[Term, ...]] = {
    "Signals": (
        Term(
            "Policy, M_t",
            "The model that answers. A run starts from M_0, and every iteration trains the next"
            " one.",
            r"M_t \to M_{t+1}",
            HS,
        ),
        Term(
            "Verdict",
            "Whether a response's final answer equals the reference answer. A response without an"
            " answer, or one that could not be checked, has a status of its own.",
            r"V(x, r) \in \{0, 1\}",
            HS,
        ),
        Term(
            "Step",
            "A part of a response between blank lines. Empty parts are not steps.",
            "",
            HS + "; the handling of empty parts is ours",
        ),
        Term(
            "Step score",
            "What the process reward model gives one step: how likely it is that the step is"
            " right.",
            r"s_j \in (0, 1)",
            HS,
        ),
        Term(
            "Implicit step score",
            "Without a reward model: how much likelier a response is to a policy than to the one it"
            " was trained from, summed to the end of the step. It has no bounds, and nothing turns"
            " at one half: thresholds come from quantiles, colours turn at 0.",
            r"s_k = c \sum_{i \le e_k} \log \frac{\pi(y_i)}{\pi_{\text{ref}}(y_i)}",
            "ImplicitPRM, arXiv 2412.01981",
        ),
        Term(
            "Generative reward model",
            "A language model that reviews a solution in words. A step's score is the share of its"
            " judgements, or the probability in them, that call it right; one that cannot be read"
            " is no score.",
            r"s_j = \frac{1}{V} \sum_{v=1}^{V} p_v(\text{right})",
            "ThinkPRM, R-PRM, GenPRM",
        ),
        Term(
            "Reward of a response",
            "Its worst step. Without any step it is 0.",
            r"S(r) = \min_j s_j",
            HS + "; 0 without a step is ours",
        ),
        Term(
            "Pass rate",
            "Share of a problem's pre-samples that are correct.",
            r"\varphi_a(x) = \frac{1}{n_p} \sum_{i=1}^{n_p} V(x, r_i)",
            HS,
        ),
        Term(
            "Process reward of a problem",
            "Mean reward of its pre-samples, over responses and not over distinct texts.",
            r"\varphi_r(x) = \frac{1}{n_p} \sum_{i=1}^{n_p} S(r_i)",
            HS,
        ),
    ),
    "Difficulty": (
        Term(
            "Thresholds",
            "The two values a person drags. They act only where all pre-samples are right or"
            " none is.",
            r"0 \le \tau_l \le \tau_h \le 1",
            HS + "; published for one policy, see Presets",
        ),
        Term(
            "Inlier",
            "Always solved, with good steps: nothing left to learn.",
            r"\varphi_a = 1 \;\wedge\; \varphi_r > \tau_h",
            HS,
        ),
        Term(
            "Outlier",
            "Never solved, with bad steps: out of reach.",
            r"\varphi_a = 0 \;\wedge\; \varphi_r < \tau_l",
            HS,
        ),
        Term(
            "Boundary",
            "Everything else, ties included: right and wrong responses side by side, or a reward"
            " that contradicts the verdicts.",
            r"\text{neither Inlier nor Outlier}",
            HS,
        ),
        Term(
            "Accuracy only",
            "An ablation: the pass rate alone decides.",
            r"\begin{aligned} \varphi_a = 1&:\ \text{Inlier} \\ \varphi_a = 0&:\ \text{Outlier}"
            r" \end{aligned}",
            "named in HS-STaR; the exact rule is ours",
        ),
        Term(
            "Reward only",
            "An ablation: the process reward alone decides.",
            r"\begin{aligned} \varphi_r > \tau_h&:\ \text{Inlier} \\ \varphi_r <"
            r" \tau_l&:\ \text{Outlier} \end{aligned}",
            "named in HS-STaR; the exact rule is ours",
        ),
        Term(
            "Pending",
            "A problem whose pre-samples are not all graded and scored. It is counted apart and"
            " never classified.",
        ),
        Term(
            "Presets",
            "Thresholds that were published, for the policy Qwen2.5-7B and three reward models"
            " only. For other pairs no value is known.",
            "",
            "HS-STaR reference code",
        ),
        Term(
            "True class",
            "How the paper measured whether its estimate was right is unknown. Where we need a"
            " label, it comes from 12 further responses of the same policy: all right, none right,"
            " or mixed.",
        ),
    ),
    "Budget": (
        Term(
            "Pre-sample",
            "The few responses per problem that difficulty is estimated from.",
            r"n_p \text{ per problem; default } 3",
            HS,
        ),
        Term(
            "Budget",
            "All responses that an iteration may draw: N problems, n each. Pre-samples count.",
            r"N \cdot n",
            HS,
        ),
        Term("Remaining budget", "What is left after pre-sampling.", r"R = N (n - n_p)", HS),
        Term(
            "Allocation",
            "Each of the b problems to resample gets the same, and a seed picks those that get one"
            " more. It is fixed before anything is sampled, so the sum is exact.",
            r"\begin{aligned} &\left\lfloor R / b \right\rfloor \text{ each,} \\ &1 \text{ more for"
            r" } R \bmod b \text{ of them} \end{aligned}",
            "ours; the reference code samples the ceiling and throws the rest away",
        ),
        Term(
            "Unspent",
            "Budget that goes to no problem: none is in the classes to resample, or no more"
            " responses are recorded.",
            r"\text{presampled} + \text{resampled} + \text{unspent} = N n",
        ),
        Term(
            "Commit",
            "The moment a plan binds: thresholds, mode, strategy, seed, the exact allocation, who"
            " and when. It never changes.",
        ),
        Term(
            "Fork",
            "A new run on the same pre-samples, to be committed in another way. It resamples for"
            " itself and counts its full budget.",
        ),
    ),
    "Pairs and training": (
        Term(
            "Pool",
            "All responses, pre-samples and resamples, of the problems in the committed classes."
            " Pairs come from there alone.",
        ),
        Term(
            "Preference pair",
            "A right and a wrong response to one problem. The best-rewarded right ones meet the"
            " best-rewarded wrong ones, K of each, shuffled by seed.",
            r"K = \min(\#\text{correct}, \#\text{wrong})",
            "HS-STaR reference code",
        ),
        Term(
            "Foregone pairs",
            "Pairs that the pre-samples of problems outside the pool would have given.",
            r"\sum_{x \notin \text{pool}} \min(\#\text{correct}, \#\text{wrong})",
        ),
        Term(
            "DPO loss",
            "Training raises the chosen response against the rejected one, measured from the frozen"
            " policy it started from. At the first step it is ln 2.",
            r"\begin{aligned} &-\log \sigma\left(\beta\,[\Delta(c) - \Delta(r)]\right), \\"
            r" &\Delta(y) = \log \pi(y) - \log \pi_{\text{ref}}(y) \end{aligned}",
            "Rafailov et al. 2023; the paper's beta and loss variant are unknown",
        ),
        Term(
            "Reference policy",
            "The frozen copy of M_t that training in iteration t is measured against.",
            r"\pi_{\text{ref}} = M_t",
            HS,
        ),
        Term(
            "Reward margin",
            "Chosen minus rejected reward, each beta times the log-ratio to the reference policy,"
            " as in the DPO loss; 0 at the first step.",
            r"\beta\, \Delta(c) - \beta\, \Delta(r)",
            "Rafailov et al. 2023",
        ),
        Term(
            "Optimiser step",
            "One update of the weights from one batch of pairs. The other meaning of step is a part"
            " of a response.",
        ),
    ),
    "Evaluation": (
        Term(
            "Greedy accuracy",
            "Share of held-out problems whose most probable response is right, with a Wilson"
            " interval of 95 %.",
            r"\frac{1}{P} \sum_x V(x, r_{\text{greedy}})",
            "Wilson 1927",
        ),
        Term(
            "Mean of n",
            "Mean pass rate over held-out problems from n sampled responses each, with a bootstrap"
            " interval over problems.",
            r"\text{mean@}n = \frac{1}{P} \sum_x \frac{1}{n} \sum_{i=1}^{n} V(x, r_i)",
        ),
        Term(
            "Paired gain",
            "Change of the mean of n, problem by problem, with a bootstrap interval: the same"
            " problems under both policies.",
            r"\frac{1}{P} \sum_x \left(p_{t+1}(x) - p_0(x)\right)",
        ),
        Term(
            "Pass@K",
            "Chance that at least one of K responses is right, from n of which c are right, without"
            " bias.",
            r"1 - \binom{n - c}{K} \Big/ \binom{n}{K}",
            "Chen et al. 2021",
        ),
    ),
    "Other methods": (
        Term(
            "Balance score",
            "B-STaR: are there enough distinct right responses among those kept, and are those kept"
            " mostly right? n_i are kept, n'_i of them distinct and right, n* is wanted.",
            r"\text{bs}_i = \min\!\left(\frac{n'_i}{n^*}, 1\right) \cdot \frac{n'_i}{n_i}",
            "B-STaR, arXiv 2412.17256",
        ),
        Term(
            "Proportion control",
            "DAST: harder levels are sampled more, so that their share of the data does not shrink."
            " The paper's cut-offs and proportions are unknown to us; ours can be edited.",
            r"n_l \propto \text{target}_l \,/\, \max(\text{pass}_l, 1/n)",
            "idea: DAST, arXiv 2503.09029; formula ours",
        ),
    ),
}
