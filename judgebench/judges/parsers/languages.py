"""The words for verdict and score, and what stands before or after them, in the languages that judges answer in."""

from __future__ import annotations

VERDICTS = (
    "verdict|winner|preferred|status|grade|grading|judgement|judgment|decision|ruling|label|classification|conclusion"
    "|assessment|evaluation"
    "|correctness|result|veredicto|veredito|urteil|verdetto|bewertung|ergebnis|entscheidung|einstufung|fazit|jugement"
    "|décision"
    "|évaluation|résultat|evaluación|conclusión|decisión|resultado|dictamen|avaliação|conclusão|decisão|julgamento"
    "|giudizio"
    "|valutazione|conclusione|decisione|вердикт|оценка|решение|заключение|вывод|итог|результат|oordeel|beoordeling"
    "|werdykt|karar|hüküm|sonuç|bedömning|omdöme|vurdering|ocena|wyrok|verdikt|rozsudek|kết luận|phán quyết|putusan"
    "|kesimpulan|висновок|рішення|оцінка|ετυμηγορία|פסק דין|คำตัดสิน"
    "|الحكم|القرار|النتيجة|التقييم|निर्णय|फैसला|फ़ैसला|निष्कर्ष|मूल्यांकन"
)
"""Nouns of languages that put blanks between words."""
VERDICTS_UNSPACED = (
    "最终判定|最終判定|最终裁决|最終裁決|最终结论|最終結論|评判结果|判定结果|判定結果|判断结果|最终判断|最終判断|判定"
    "|判断|判決|结论|結論|裁决|裁決|评价|評価"
    "|評定|评定|최종 판정|최종판정|판정 결과|판정|결론|평가 결과|평가|판단|결정"
)
_LEADS = (
    "my|the|our|evaluation|grading|final|overall|mein|meine|unser|endgültiges|endgültige|abschließendes|abschließende"
    "|finales|mon|ma|notre|el|la|le|mi|meu"
    "|minha|o|a|il|mio|das|die|der|мой|моя|моё|наш|итоговый|итоговая|итоговое|окончательный|окончательное|финальный"
    "|финальная|общая|अंतिम|मेरा|कुल"
)
LEADS = rf"(?:(?:(?:{_LEADS})\s{{1,2}}|(?:最终|最終|我的|总体|综合|総合|全体|私の|최종|나의|전체)\s?){{0,3}})"
"""What stands before such a noun."""
THEREFORE = "综上所述|综上|因此|所以|总之|よって|したがって|以上より|따라서|그러므로"
LATER_LEADS = "final|finale|définitif|définitive|definitivo|definitiva|النهائي|النهائية"

SCORES = (
    "rating|score|overall|final|grade|mark|result|gesamtbewertung|punktzahl|punkte|bewertung|note|wertung|gesamtnote"
    "|puntuación|puntaje|calificación|nota|valoración|pontuação"
    "|avaliação|punteggio|voto|valutazione|évaluation|оценка|балл|баллы|рейтинг|الدرجة|التقييم|النتيجة|العلامة|puan"
    "|skor|betyg|poäng|điểm|điểm số|nilai|бал|оцінка|ocena|hodnocení|pisteet|βαθμός|ציון|คะแนน|beoordeling|cijfer|अंक"
    "|स्कोर|रेटिंग"
    "|评分|得分|分数|打分|总分|最终得分|最终评分|最終得分|最終評分|評分|分數|スコア|評価点|評価|点数|得点|採点"
    "|総合評価|점수|평점|최종 점수|총점|평가|평가 점수"
)
POINTS = "points?|pts?|stars?|marks?|分|点|點|점|баллов|балла|балл|punkten?|puntos?|pontos?|punti|अंक"
ENGLISH_SCORES = frozenset({"overall", "final", "rating", "score", "grade", "mark", "result"})
