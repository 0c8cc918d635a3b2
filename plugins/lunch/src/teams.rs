//! Who eats with whom.

use moa_plugin::system;
use std::collections::HashMap;

/// The teams of one time.
pub type Round = Vec<Vec<String>>;

/// Makes teams of `size` so that those are together who were not lately: `past` has the latest round last.
///
/// Teams differ by one person at most, and nobody is left alone: 4 people in teams of 3 are 2 and 2, 3 in teams of 2
/// are one team. No name may come twice.
pub fn divide(mut people: Vec<String>, size: usize, past: &[Round]) -> Round {
    // Chance decides between what is equally fair.
    system::shuffle(&mut people);
    let count = people.len().div_ceil(size.max(1)).min(people.len() / 2).max(1);
    let mut teams: Vec<usize> = (0..people.len()).map(|person| person % count).collect();
    let met = Met::of(&people, past);
    while let Some((one, other)) = better(&teams, &met) {
        teams.swap(one, other);
    }
    let mut round = vec![Vec::new(); count];
    for (person, team) in people.into_iter().zip(teams) {
        round[team].push(person);
    }
    round
}

/// How much any two were together; a later round counts more than an earlier one.
struct Met {
    people: usize,
    weights: Vec<u32>,
}

impl Met {
    fn of(people: &[String], past: &[Round]) -> Self {
        let index: HashMap<&str, usize> = people.iter().map(String::as_str).zip(0..).collect();
        let mut met = Self {
            people: people.len(),
            weights: vec![0; people.len() * people.len()],
        };
        for (round, weight) in past.iter().zip(1..) {
            for team in round {
                let present: Vec<usize> = team
                    .iter()
                    .filter_map(|name| index.get(name.as_str()).copied())
                    .collect();
                for &one in &present {
                    for &other in &present {
                        met.weights[one * met.people + other] += weight;
                    }
                }
            }
        }
        met
    }

    /// How much `person` was together with this team's members, `but` left out.
    fn with(&self, person: usize, teams: &[usize], team: usize, but: usize) -> u32 {
        let members = (0..self.people).filter(|&other| teams[other] == team && other != but && other != person);
        members.map(|other| self.weights[person * self.people + other]).sum()
    }
}

/// Two people who should change places. Each change lowers the sum over all teams, so there is a last one.
fn better(teams: &[usize], met: &Met) -> Option<(usize, usize)> {
    let pairs = (0..teams.len()).flat_map(|one| (one + 1..teams.len()).map(move |other| (one, other)));
    pairs
        .filter(|&(one, other)| teams[one] != teams[other])
        .find(|&(one, other)| {
            let (from, to) = (teams[one], teams[other]);
            let now = met.with(one, teams, from, one) + met.with(other, teams, to, other);
            let then = met.with(one, teams, to, other) + met.with(other, teams, from, one);
            then < now
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_plugin::testing::Host;
    use std::collections::HashSet;

    fn people(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("p{n}")).collect()
    }

    #[test]
    fn nobody_is_lost_or_alone_and_teams_are_even() {
        Host::new().with(|_| {
            for count in 2..40 {
                for size in 2..9 {
                    let round = divide(people(count), size, &[]);
                    let sizes: Vec<usize> = round.iter().map(Vec::len).collect();
                    let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
                    assert!(
                        *least >= 2 && most - least <= 1,
                        "{count} in teams of {size}: {sizes:?}"
                    );
                    // One more than asked for only where somebody would be alone otherwise.
                    assert!(
                        *most <= size || (size == 2 && *most == 3),
                        "{count} in teams of {size}: {sizes:?}"
                    );
                    let all: HashSet<String> = round.into_iter().flatten().collect();
                    assert_eq!(all, people(count).into_iter().collect());
                }
            }
        });
    }

    #[test]
    fn after_three_rounds_of_two_each_of_four_met_each() {
        for seed in 0..50 {
            Host::new().seed(seed).with(|_| {
                let mut past: Vec<Round> = Vec::new();
                for _ in 0..3 {
                    past.push(divide(people(4), 2, &past));
                }
                let mut pairs: Vec<Vec<String>> = past.into_iter().flatten().collect();
                pairs.iter_mut().for_each(|pair| pair.sort());
                let different: HashSet<Vec<String>> = pairs.into_iter().collect();
                assert_eq!(different.len(), 6, "seed {seed}");
            });
        }
    }

    #[test]
    fn who_was_not_there_before_does_not_matter() {
        Host::new().with(|_| {
            let past = [vec![
                vec!["p0".to_owned(), "gone".to_owned()],
                vec!["p1".to_owned(), "p2".to_owned()],
            ]];
            let round = divide(people(4), 2, &past);
            assert!(
                !round
                    .iter()
                    .any(|team| team.contains(&"p1".into()) && team.contains(&"p2".into())),
                "{round:?}"
            );
        });
    }
}
